#!/usr/bin/env python3
"""Make a CloudFormation template whose resources pass data to each other, for measuring
`sekisho flow` and `sekisho map`.

    flows.py -n 10000 OUT.json

One unit of 15 resources: a bucket that is replicated, logged and notified, a queue with a
dead-letter queue and a function behind it, a table with a stream, a topic with
subscribers, a load balancer with a listener, a group and an instance. Units are joined
by replication and by failures that go to the queue of another. The same arguments give
the same bytes.
"""

import argparse
import json


def unit(i, units):
    other = (i * 7 + 1) % units
    ref = lambda name: {"Ref": f"{name}{i}"}
    att = lambda name, a="Arn", n=i: {"Fn::GetAtt": [f"{name}{n}", a]}
    plain = i % 5 == 0
    return {
        f"Records{i}": {"Type": "AWS::S3::Bucket", "Properties": {
            "Tags": [{"Key": "phi", "Value": "true" if i % 3 == 0 else "false"}],
            "LoggingConfiguration": {"DestinationBucketName": ref("Logs")},
            "NotificationConfiguration": {"QueueConfigurations": [{"Event": "s3:ObjectCreated:*", "Queue": att("Jobs")}]},
            "ReplicationConfiguration": {"Role": "arn:aws:iam::111122223333:role/r", "Rules": [
                {"Status": "Enabled", "Destination": {"Bucket": att("Records", n=other)}}]}}},
        f"Logs{i}": {"Type": "AWS::S3::Bucket"},
        f"Jobs{i}": {"Type": "AWS::SQS::Queue", "Properties": {"RedrivePolicy": {"deadLetterTargetArn": att("Failed"), "maxReceiveCount": 3}}},
        f"Failed{i}": {"Type": "AWS::SQS::Queue"},
        f"Mapping{i}": {"Type": "AWS::Lambda::EventSourceMapping", "Properties": {"EventSourceArn": att("Jobs"), "FunctionName": ref("Work")}},
        f"Work{i}": {"Type": "AWS::Lambda::Function", "Properties": {"Role": "r", "Code": {"ZipFile": "x"}, "DeadLetterConfig": {"TargetArn": att("Failed", n=other)}}},
        f"Done{i}": {"Type": "AWS::Lambda::EventInvokeConfig", "Properties": {"FunctionName": ref("Work"), "Qualifier": "$LATEST", "DestinationConfig": {"OnSuccess": {"Destination": ref("Sent")}}}},
        f"Sent{i}": {"Type": "AWS::SNS::Topic"},
        f"Vendor{i}": {"Type": "AWS::SNS::Subscription", "Properties": {"TopicArn": ref("Sent"), "Protocol": "http" if plain else "https",
            "Endpoint": f"{'http' if plain else 'https'}://vendor{i % 40}.example/in"}},
        f"Visits{i}": {"Type": "AWS::DynamoDB::Table", "Properties": {"KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "StreamSpecification": {"StreamViewType": "NEW_IMAGE"}, "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True}}},
        f"Stream{i}": {"Type": "AWS::Lambda::EventSourceMapping", "Properties": {"EventSourceArn": att("Visits", "StreamArn"), "FunctionName": ref("Work")}},
        f"Alb{i}": {"Type": "AWS::ElasticLoadBalancingV2::LoadBalancer", "Properties": {"LoadBalancerAttributes": [{"Key": "access_logs.s3.bucket", "Value": ref("Logs")}]}},
        f"Https{i}": {"Type": "AWS::ElasticLoadBalancingV2::Listener", "Properties": {"LoadBalancerArn": ref("Alb"), "Protocol": "HTTPS", "Port": 443, "DefaultActions": [{"Type": "forward", "TargetGroupArn": ref("Group")}]}},
        f"Group{i}": {"Type": "AWS::ElasticLoadBalancingV2::TargetGroup", "Properties": {"Protocol": "HTTP" if plain else "HTTPS", "Port": 443, "Targets": [{"Id": ref("Web")}]}},
        f"Web{i}": {"Type": "AWS::EC2::Instance", "Properties": {"UserData": {"Fn::Base64": {"Fn::Sub": f"#!/bin/sh\nserve --table ${{Visits{i}}}"}}}},
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-n", type=int, default=1000, help="resources, rounded up to whole units")
    parser.add_argument("out")
    arguments = parser.parse_args()
    units = -(-arguments.n // 15)
    resources = {}
    for i in range(units):
        resources.update(unit(i, units))
    with open(arguments.out, "w", encoding="utf-8") as out:
        json.dump({"Resources": resources}, out)


if __name__ == "__main__":
    main()
