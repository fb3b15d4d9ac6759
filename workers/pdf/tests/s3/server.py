"""An S3-compatible server with one bucket and one user who may use it. Says where it is and who the user is in one
line of JSON, and ends when its input does."""

import json
import os
import sys

# What is done below needs no credentials; everything afterwards does.
os.environ["INITIAL_NO_AUTH_ACTION_COUNT"] = "4"

import boto3
from moto.server import ThreadedMotoServer

BUCKET = "plans"
POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}],
}

port = int(sys.argv[1]) if len(sys.argv) > 1 else 0
server = ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False)
server.start()
host, port = server.get_host_and_port()
endpoint = f"http://{host}:{port}"


def client(service):
    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="nobody",
        aws_secret_access_key="nobody",
    )


client("s3").create_bucket(Bucket=BUCKET)
iam = client("iam")
iam.create_user(UserName="trainer")
iam.put_user_policy(UserName="trainer", PolicyName="bucket", PolicyDocument=json.dumps(POLICY))
key = iam.create_access_key(UserName="trainer")["AccessKey"]
print(
    json.dumps(
        {
            "endpoint": endpoint,
            "bucket": BUCKET,
            "access_key_id": key["AccessKeyId"],
            "secret_access_key": key["SecretAccessKey"],
        }
    ),
    flush=True,
)
sys.stdin.read()
os._exit(0)
