"""What the container of the label applier runs; `fraudstream apply-labels` does the same."""

from fraudstream.feedback.main import apply_labels

if __name__ == "__main__":
    apply_labels()
