"""The archive: what was committed, in parquet on S3, once each as read through the ledger or the manifest."""
