"""The recorded past, replayed: stored slices in windows, customers through the kernel, labels at their turn."""
