"""S3: the objects of one bucket."""

import base64
from collections.abc import Sequence

from botocore.exceptions import ClientError

from fraudstream.adapters.aws.calls import mapped, s3_client
from fraudstream.adapters.aws.refusals import code_of

ABSENT = frozenset({"NoSuchKey", "404"})
"""Codes of an object that is not there; a bucket that is not there has another."""


class S3Objects:
    """`ObjectStore` in a bucket, which somebody else creates.

    Raises:
        ConfigurationError: the environment names no region.
    """

    def __init__(self, bucket: str) -> None:
        self._bucket = bucket
        self._client = s3_client()

    def put(self, path: str, content: bytes, sha256: str) -> None:
        """See `ObjectStore.put`; S3 itself compares the digest."""
        checksum = base64.b64encode(bytes.fromhex(sha256)).decode()
        with mapped(self._place(path)):
            self._client.put_object(Bucket=self._bucket, Key=path, Body=content, ChecksumSHA256=checksum)

    def get(self, path: str) -> bytes | None:
        """See `ObjectStore.get`."""
        with mapped(self._place(path)):
            try:
                return self._client.get_object(Bucket=self._bucket, Key=path)["Body"].read()
            except ClientError as error:
                _must_be_absent(error)
        return None

    def tag(self, path: str) -> str | None:
        """See `ObjectStore.tag`; it is the object's ETag."""
        with mapped(self._place(path)):
            try:
                return self._client.head_object(Bucket=self._bucket, Key=path)["ETag"]
            except ClientError as error:
                _must_be_absent(error)
        return None

    def replace(self, path: str, content: bytes, tag: str | None) -> None:
        """See `ObjectStore.replace`; a conditional write."""
        with mapped(self._place(path)):
            if tag is None:
                self._client.put_object(Bucket=self._bucket, Key=path, Body=content, IfNoneMatch="*")
            else:
                self._client.put_object(Bucket=self._bucket, Key=path, Body=content, IfMatch=tag)

    def list(self, prefix: str) -> Sequence[str]:
        """See `ObjectStore.list`."""
        with mapped(self._place(prefix)):
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
            return [found["Key"] for page in pages for found in page.get("Contents", [])]

    def _place(self, path: str) -> str:
        return f"s3://{self._bucket}/{path}"


def _must_be_absent(error: ClientError) -> None:
    if code_of(error) not in ABSENT:
        raise error
