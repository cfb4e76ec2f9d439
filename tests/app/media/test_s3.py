"""S3, against moto as a server."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from pydantic import SecretStr
from support.moto import running_moto

from appinstance_app.media.protocol import MediaUnavailableError
from appinstance_app.media.s3 import MAX_OBJECT_BYTES, S3Media, s3_client, wait_for_media
from appinstance_app.settings import Environment, Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_s3 import S3Client

pytestmark = pytest.mark.integration
BUCKET, PREFIX = "appinstance-media", "acme/shop/"
KMS_KEY = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with running_moto() as address:
        yield address


def settings(endpoint: str, tmp_ca: Any) -> Settings:
    return Settings(
        environment=Environment.DEVELOPMENT,
        db_host="db",
        db_username="u",
        db_name="d",
        db_tls_ca_file=tmp_ca,
        secret_key=SecretStr("k" * 40),
        media_bucket=BUCKET,
        media_prefix=PREFIX,
        aws_region="eu-central-1",
        aws_endpoint_url=endpoint,
    )


@pytest.fixture
def client(
    endpoint: str, clean_environment: pytest.MonkeyPatch, tmp_path: Any
) -> Iterator[S3Client]:
    clean_environment.setenv("AWS_ACCESS_KEY_ID", "test")
    clean_environment.setenv("AWS_SECRET_ACCESS_KEY", "test")
    (tmp_path / "ca.crt").touch()
    client = s3_client(settings(endpoint, tmp_path / "ca.crt"))
    client.create_bucket(
        Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    yield client
    bucket = boto3.resource("s3", endpoint_url=endpoint, region_name="eu-central-1").Bucket(BUCKET)
    bucket.objects.all().delete()
    bucket.delete()


@pytest.fixture
def media(client: S3Client) -> S3Media:
    return S3Media(client, bucket=BUCKET, prefix=PREFIX)


def test_an_object_lies_below_the_prefix_with_the_servers_type(
    client: S3Client, media: S3Media
) -> None:
    media.put("avatars/a/b.webp", b"picture", content_type="image/webp")
    head = client.head_object(Bucket=BUCKET, Key="acme/shop/avatars/a/b.webp")
    assert head["ContentType"] == "image/webp"
    assert head["CacheControl"] == "private, max-age=31536000, immutable"
    assert head.get("ServerSideEncryption") != "aws:kms"
    assert media.get("avatars/a/b.webp") == b"picture"


def test_with_a_key_objects_are_encrypted_under_it(client: S3Client) -> None:
    media = S3Media(client, bucket=BUCKET, prefix=PREFIX, kms_key=KMS_KEY)
    media.put("avatars/a/b.webp", b"picture", content_type="image/webp")
    head = client.head_object(Bucket=BUCKET, Key="acme/shop/avatars/a/b.webp")
    assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", KMS_KEY)


def test_what_is_not_there_is_none_and_can_be_deleted(media: S3Media) -> None:
    assert media.get("avatars/a/none.webp") is None
    media.delete("avatars/a/none.webp")
    media.put("avatars/a/b.webp", b"picture", content_type="image/webp")
    media.delete("avatars/a/b.webp")
    assert media.get("avatars/a/b.webp") is None


def test_an_object_that_is_too_large_to_be_ours_is_not_read(
    client: S3Client, media: S3Media
) -> None:
    client.put_object(Bucket=BUCKET, Key=PREFIX + "big", Body=bytes(MAX_OBJECT_BYTES + 1))
    assert media.get("big") is None


def test_the_check_lists_the_prefix_only(client: S3Client, media: S3Media) -> None:
    requests: list[dict[str, Any]] = []
    client.meta.events.register(
        "provide-client-params.s3.*",
        lambda params, model, **_: requests.append({"operation": model.name, **params}),
    )
    media.check()
    assert requests == [
        {"operation": "ListObjectsV2", "Bucket": BUCKET, "Prefix": PREFIX, "MaxKeys": 1}
    ]


@pytest.mark.parametrize("call", ["check", "put", "get", "delete"])
def test_a_bucket_that_is_not_there_is_unavailable_and_not_a_crash(
    client: S3Client, call: str
) -> None:
    media = S3Media(client, bucket="no-such-bucket", prefix=PREFIX)
    arguments: tuple[Any, ...] = () if call == "check" else ("key",)
    if call == "put":
        arguments, named = ("key", b""), {"content_type": "image/webp"}
    else:
        named = {}
    with pytest.raises(MediaUnavailableError, match="NoSuchBucket"):
        getattr(media, call)(*arguments, **named)


def test_a_bucket_that_comes_late_is_waited_for(client: S3Client) -> None:
    late = S3Media(client, bucket="late-bucket", prefix=PREFIX)
    waits: list[float] = []

    def make(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 2:
            client.create_bucket(
                Bucket="late-bucket",
                CreateBucketConfiguration={"LocationConstraint": "eu-central-1"},
            )

    wait_for_media(late, timeout_seconds=60, sleep=make)
    client.delete_bucket(Bucket="late-bucket")
    assert waits == [0.25, 0.5]


def test_the_waiting_ends_with_a_sentence(client: S3Client) -> None:
    media = S3Media(client, bucket="no-such-bucket", prefix=PREFIX)
    with pytest.raises(MediaUnavailableError) as caught:
        wait_for_media(media, timeout_seconds=0.1, sleep=lambda _: None)
    assert str(caught.value) == (
        "The media bucket could not be listed within 0.1 s: ListObjectsV2: NoSuchBucket. "
        "Check MEDIA_BUCKET, MEDIA_PREFIX, the role, and the way to STS and S3."
    )


def test_objects_are_listed_below_the_prefix_alone(client: S3Client, media: S3Media) -> None:
    before = datetime.now(UTC) - timedelta(seconds=5)
    for number in range(3):
        media.put(f"avatars/a/{number}.webp", b"", content_type="image/webp")
    client.put_object(Bucket=BUCKET, Key="acme/other/avatars/a/9.webp", Body=b"")
    listed = dict(media.listed())
    assert sorted(listed) == [f"avatars/a/{number}.webp" for number in range(3)]
    assert all(made > before for made in listed.values())


def test_a_list_that_can_not_be_had_is_unavailable(client: S3Client) -> None:
    elsewhere = S3Media(client, bucket="not-there", prefix=PREFIX)
    with pytest.raises(MediaUnavailableError, match="NoSuchBucket"):
        list(elsewhere.listed())
