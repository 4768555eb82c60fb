#!/usr/bin/env python3
"""Make CloudFormation templates of any size, for measuring.

    generate.py -n 1000 OUT.json             one template (JSON or YAML by its name)
    generate.py -n 1000 --per-file 200 DIR   a folder of templates, 200 resources each
    generate.py --trivial OUT.json           one resource with nothing to say about it

The same arguments give the same bytes, on every machine and Python version. The
resources are of the kinds that clinics have, in rotation; each is good or bad
with equal chance, and a bad one has some of the faults of its kind, not all.
They refer to each other by Ref, GetAtt and Sub, some exist only under a
condition, and some values depend on parameters and mappings. Names, sizes,
ranges and texts vary, so that nothing can be answered from a cache by accident.

A template with more than 500 resources is more than CloudFormation would take;
it is here to show how the cost grows.
"""

import argparse
import json
import os
import re
import sys

WARDS = (
    "Admission Allergy Billing Cardiac Claims Dental Dialysis Emergency Eye Fertility Genetics Home "
    "Imaging Insurance Lab Maternity Neuro Night Nursing Nutrition Oncology Pediatric Pharmacy Portal "
    "Radiology Referral Rehab Research Reception Surgery Survey Telehealth Trauma Triage Vaccine Visit"
).split()
OWNERS = "records portal billing lab imaging pharmacy research it".split()
DATA = "phi phi phi internal public none".split()


class Dice:
    """SplitMix64: small, and the same everywhere."""

    def __init__(self, seed):
        self.state = seed & 0xFFFFFFFFFFFFFFFF

    def bits(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & 0xFFFFFFFFFFFFFFFF
        return z ^ (z >> 31)

    def below(self, n):
        return self.bits() % n

    def pick(self, items):
        return items[self.below(len(items))]

    def chance(self, percent):
        return self.below(100) < percent

    def number(self, low, high):
        return low + self.below(high - low + 1)


def ref(name):
    return {"Ref": name}


def att(name, attribute):
    return {"Fn::GetAtt": [name, attribute]}


def sub(text):
    return {"Fn::Sub": text}


def either(condition, yes, no):
    return {"Fn::If": [condition, yes, no]}


def statement(effect, principal, action, resource, condition=None):
    out = {"Effect": effect}
    if principal is not None:
        out["Principal"] = principal
    out["Action"] = action
    out["Resource"] = resource
    if condition:
        out["Condition"] = condition
    return out


def document(*statements):
    return {"Version": "2012-10-17", "Statement": list(statements)}


OWN_ACCOUNT = {"AWS": sub("arn:${AWS::Partition}:iam::${AWS::AccountId}:root")}


class Template:
    """One template: resources are added one at a time and know the earlier ones."""

    def __init__(self, dice, first):
        self.dice = dice
        self.number = first
        self.latest = {}  # kind -> the latest logical id of that kind
        self.bare = []  # buckets that have no policy yet
        self.closed = []  # security groups that have no separate rule yet

    # -- parts --------------------------------------------------------------

    def name(self, kind):
        self.number += 1
        name = f"{self.dice.pick(WARDS)}{kind}{self.number}"
        self.latest[kind] = name
        return name

    def tag(self, properties):
        dice = self.dice
        if dice.chance(70):
            return
        tags = [{"Key": "Owner", "Value": f"{dice.pick(OWNERS)}@clinic-{dice.number(1, 400)}.example"}]
        if dice.chance(50):
            tags.append({"Key": "Data", "Value": dice.pick(DATA)})
        properties["Tags"] = tags

    def key(self):
        return att(self.latest["Key"], "Arn") if "Key" in self.latest else ref("DefaultKeyArn")

    def role(self):
        return att(self.latest["Role"], "Arn") if "Role" in self.latest else ref("DefaultRoleArn")

    def groups(self):
        return [att(self.latest["Group"], "GroupId")] if "Group" in self.latest else [ref("DefaultGroup")]

    def bucket_name(self):
        return ref(self.latest["Bucket"]) if "Bucket" in self.latest else ref("DefaultBucket")

    def range(self):
        d = self.dice
        return f"10.{d.below(256)}.{d.below(256)}.0/{d.pick([24, 25, 26, 28])}"

    # -- kinds --------------------------------------------------------------

    def kms_key(self, good):
        dice = self.dice
        statements = [statement("Allow", OWN_ACCOUNT, "kms:*", "*")]
        properties = {"Description": f"Key {dice.number(1, 99999)} of {dice.pick(WARDS)}"}
        if good:
            properties["EnableKeyRotation"] = True
        elif dice.chance(50):
            properties["EnableKeyRotation"] = False
        if not good and dice.chance(40):
            statements.append(statement("Allow", dice.pick(["*", {"AWS": "*"}]), ["kms:Decrypt", "kms:Encrypt"], "*"))
        properties["KeyPolicy"] = document(*statements)
        self.tag(properties)
        return self.name("Key"), "AWS::KMS::Key", properties

    def bucket(self, good):
        dice = self.dice
        properties = {}
        key, target = self.key(), self.bucket_name()
        if dice.chance(50 if good else 20):
            properties["BucketEncryption"] = {
                "ServerSideEncryptionConfiguration": [
                    {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}}
                    if dice.chance(70)
                    else {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
                ]
            }
        if good:
            properties["VersioningConfiguration"] = {"Status": "Enabled"}
            properties["LoggingConfiguration"] = {"DestinationBucketName": target, "LogFilePrefix": f"{dice.pick(WARDS).lower()}/"}
            if dice.chance(60):
                properties["PublicAccessBlockConfiguration"] = dict.fromkeys(
                    ["BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"], True
                )
        else:
            if dice.chance(50):
                properties["VersioningConfiguration"] = {"Status": "Suspended"}
            if dice.chance(60):
                properties["PublicAccessBlockConfiguration"] = {
                    "BlockPublicAcls": dice.chance(50),
                    "BlockPublicPolicy": False,
                    "IgnorePublicAcls": dice.chance(50),
                    "RestrictPublicBuckets": dice.chance(50),
                }
            if dice.chance(25):
                properties["WebsiteConfiguration"] = {"IndexDocument": "index.html"}
        self.tag(properties)
        name = self.name("Bucket")
        self.bare.append(name)
        return name, "AWS::S3::Bucket", properties

    def bucket_policy(self, good):
        dice = self.dice
        if not self.bare:
            return self.queue(good)
        bucket = self.bare.pop()
        objects = dice.pick([sub(f"${{{bucket}.Arn}}/*"), {"Fn::Join": ["", [att(bucket, "Arn"), "/*"]]}])
        statements = []
        if good or dice.chance(30):
            refuse = dice.pick(["false", False])
            statements.append(
                statement("Deny", "*", "s3:*", [att(bucket, "Arn"), objects], {"Bool": {"aws:SecureTransport": refuse}})
            )
        if good:
            statements.append(statement("Allow", {"AWS": self.role()}, ["s3:GetObject", "s3:PutObject"], objects))
        else:
            statements.append(statement("Allow", dice.pick(["*", {"AWS": "*"}]), "s3:GetObject", objects))
        return (
            self.name("BucketPolicy"),
            "AWS::S3::BucketPolicy",
            {"Bucket": ref(bucket), "PolicyDocument": document(*statements)},
        )

    def rule(self, good):
        dice = self.dice
        rule = {"Description": f"{dice.pick(WARDS)}, ticket {dice.number(100, 99999)}"} if dice.chance(40) else {}
        if good:
            port = dice.pick([443, 5432, 3306, 8443, 22])
            rule.update(IpProtocol="tcp", FromPort=port, ToPort=port, CidrIp="0.0.0.0/0" if port == 443 else self.range())
        else:
            fault = dice.below(4)
            if fault == 0:
                rule.update(IpProtocol="-1", CidrIp="0.0.0.0/0")
            elif fault == 1:
                rule.update(IpProtocol="tcp", FromPort=0, ToPort=65535, CidrIpv6="::/0")
            else:
                port = dice.pick([22, 3389, 3306, 5432, 1433, 27017])
                rule.update(IpProtocol="tcp", FromPort=port, ToPort=port, CidrIp=dice.pick(["0.0.0.0/0", "0.0.0.0/1"]))
        return rule

    def group(self, good):
        dice = self.dice
        rules = [self.rule(True) for _ in range(dice.number(0, 2))]
        if not good:
            rules.append(self.rule(False))
        properties = {
            "GroupDescription": f"{dice.pick(WARDS)} machines, floor {dice.number(1, 30)}",
            "VpcId": ref("Network"),
        }
        if rules:
            properties["SecurityGroupIngress"] = rules
        self.tag(properties)
        name = self.name("Group")
        self.closed.append(name)
        return name, "AWS::EC2::SecurityGroup", properties

    def ingress(self, good):
        if not self.closed:
            return self.queue(good)
        group = self.closed.pop()
        properties = {"GroupId": self.dice.pick([ref(group), att(group, "GroupId")])}
        properties.update(self.rule(good))
        return self.name("Ingress"), "AWS::EC2::SecurityGroupIngress", properties

    def iam_role(self, good):
        dice = self.dice
        service = dice.pick(["lambda", "ec2", "ecs-tasks"])
        if good:
            action = [f"s3:{dice.pick(['GetObject', 'PutObject'])}", "kms:Decrypt"]
            resource = [sub(f"arn:${{AWS::Partition}}:s3:::{dice.pick(WARDS).lower()}-{dice.number(1, 9999)}/*"), self.key()]
        else:
            action, resource = dice.pick([("*", "*"), ("s3:*", "*"), (["iam:PassRole", "ec2:*"], "*")])
        return (
            self.name("Role"),
            "AWS::IAM::Role",
            {
                "AssumeRolePolicyDocument": document(
                    {"Effect": "Allow", "Principal": {"Service": f"{service}.amazonaws.com"}, "Action": "sts:AssumeRole"}
                ),
                "Policies": [
                    {
                        "PolicyName": f"{dice.pick(WARDS).lower()}-{dice.number(1, 999)}",
                        "PolicyDocument": document(statement("Allow", None, action, resource)),
                    }
                ],
            },
        )

    def instance(self, good):
        dice = self.dice
        properties = {"ImageId": ref("Image"), "InstanceType": dice.pick(["t3.micro", "t3.medium", "m6i.large", "r6i.xlarge"])}
        public = not good and dice.chance(60)
        if good or public:
            properties["NetworkInterfaces"] = [
                {
                    "DeviceIndex": "0",
                    "SubnetId": ref("InnerSubnet"),
                    "GroupSet": self.groups(),
                    "AssociatePublicIpAddress": public,
                }
            ]
        else:
            properties["SubnetId"] = ref("InnerSubnet")
            properties["SecurityGroupIds"] = self.groups()
        line = "PASSWORD='${Password}'" if not good and dice.chance(60) else "STAGE='${Env}'"
        script = f"#!/bin/bash\necho {line} > /etc/{dice.pick(WARDS).lower()}.conf\nsystemctl restart app-{dice.number(1, 99)}\n"
        properties["UserData"] = {"Fn::Base64": sub(script)}
        return self.name("Instance"), "AWS::EC2::Instance", properties

    def volume(self, good):
        dice = self.dice
        properties = {
            "AvailabilityZone": {"Fn::Select": [dice.below(2), {"Fn::GetAZs": ""}]},
            "Size": dice.number(8, 2000),
            "VolumeType": dice.pick(["gp3", "gp2"]),
            "Encrypted": dice.pick([True, "true"] if good else [False, "false", either("IsProd", True, False)]),
        }
        self.tag(properties)
        if good:
            properties["KmsKeyId"] = self.key()
        return self.name("Volume"), "AWS::EC2::Volume", properties

    def database(self, good):
        dice = self.dice
        engine = dice.pick(["mysql", "postgres", "mariadb"])
        properties = {
            "Engine": engine,
            "DBInstanceClass": {"Fn::FindInMap": ["Stages", ref("Env"), "DatabaseClass"]}
            if dice.chance(40)
            else dice.pick(["db.t3.micro", "db.t3.medium", "db.m6g.large"]),
            "AllocatedStorage": str(dice.number(20, 900)),
            "MasterUsername": f"{dice.pick(OWNERS)}_{dice.number(1, 99)}",
            "ManageMasterUserPassword": True,
            "VPCSecurityGroups": self.groups(),
        }
        if good:
            properties["StorageEncrypted"] = dice.pick([True, "true"])
            properties["KmsKeyId"] = self.key()
            properties["PubliclyAccessible"] = False
            properties["BackupRetentionPeriod"] = dice.number(7, 35)
        else:
            properties["StorageEncrypted"] = dice.pick([False, "false", either("IsProd", True, False)])
            properties["PubliclyAccessible"] = dice.chance(50)
            properties["BackupRetentionPeriod"] = dice.pick([0, {"Fn::FindInMap": ["Stages", ref("Env"), "BackupDays"]}])
        return self.name("Database"), "AWS::RDS::DBInstance", properties

    def function(self, good):
        dice = self.dice
        properties = {
            "Runtime": dice.pick(["python3.12", "python3.13", "nodejs22.x"]),
            "Handler": f"{dice.pick(WARDS).lower()}.handler",
            "MemorySize": dice.pick([128, 256, 512, 1024]),
            "Timeout": dice.number(3, 300),
            "Role": self.role(),
            "Code": {"S3Bucket": ref("DefaultBucket"), "S3Key": f"code/{dice.number(1, 9999)}.zip"},
        }
        variables = {"STAGE": ref("Env"), "WARD": dice.pick(WARDS)}
        if good:
            properties["KmsKeyArn"] = self.key()
            properties["VpcConfig"] = {"SubnetIds": [ref("InnerSubnet")], "SecurityGroupIds": self.groups()}
        elif dice.chance(50):
            variables["DB_PASSWORD"] = ref("Password")
        properties["Environment"] = {"Variables": variables}
        return self.name("Function"), "AWS::Lambda::Function", properties

    def queue(self, good):
        dice = self.dice
        properties = {
            "MessageRetentionPeriod": dice.number(60, 1209600),
            "VisibilityTimeout": dice.number(0, 43200),
        }
        if good:
            properties["KmsMasterKeyId"] = self.key()
        elif dice.chance(50):
            properties["SqsManagedSseEnabled"] = False
        self.tag(properties)
        return self.name("Queue"), "AWS::SQS::Queue", properties

    def table(self, good):
        dice = self.dice
        key = f"{dice.pick(WARDS).lower()}_id"
        properties = {
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": key, "AttributeType": dice.pick(["S", "N"])}],
            "KeySchema": [{"AttributeName": key, "KeyType": "HASH"}],
        }
        if good:
            properties["SSESpecification"] = {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": self.key()}
        if good or dice.chance(30):
            properties["PointInTimeRecoverySpecification"] = {
                "PointInTimeRecoveryEnabled": True if good else either("IsProd", True, False)
            }
        self.tag(properties)
        return self.name("Table"), "AWS::DynamoDB::Table", properties

    def log_group(self, good):
        dice = self.dice
        properties = {"LogGroupName": sub(f"/clinic/${{Env}}/{dice.pick(WARDS).lower()}/{self.number}")}
        if good:
            if dice.chance(70):
                properties["RetentionInDays"] = dice.pick([2192, 2557, 3653, ref("KeepDays")])
            properties["KmsKeyId"] = self.key()
        else:
            properties["RetentionInDays"] = dice.pick([7, 30, 90, 365, 731])
        self.tag(properties)
        return self.name("LogGroup"), "AWS::Logs::LogGroup", properties

    def trail(self, good):
        dice = self.dice
        properties = {
            "TrailName": sub(f"{dice.pick(WARDS).lower()}-${{Env}}-{self.number}"),
            "S3BucketName": self.bucket_name(),
            "IsLogging": good or dice.chance(60),
            "IsMultiRegionTrail": good or dice.chance(40),
        }
        if properties["IsMultiRegionTrail"]:
            properties["IncludeGlobalServiceEvents"] = True
        if good:
            properties["EnableLogFileValidation"] = True
            properties["KMSKeyId"] = self.key()
        elif dice.chance(50):
            properties["EnableLogFileValidation"] = "false"
        if "LogGroup" in self.latest:
            properties["CloudWatchLogsLogGroupArn"] = att(self.latest["LogGroup"], "Arn")
            properties["CloudWatchLogsRoleArn"] = self.role()
        if not good and dice.chance(50):
            properties["EventSelectors"] = [
                {"IncludeManagementEvents": True, "ExcludeManagementEventSources": ["kms.amazonaws.com"]}
            ]
        return self.name("Trail"), "AWS::CloudTrail::Trail", properties

    def search(self, good):
        dice = self.dice
        on = bool(good)
        properties = {
            "EngineVersion": dice.pick(["OpenSearch_2.11", "OpenSearch_2.17", "OpenSearch_2.19"]),
            "ClusterConfig": {"InstanceType": "r6g.large.search", "InstanceCount": dice.number(1, 3)},
            "EBSOptions": {"EBSEnabled": True, "VolumeType": "gp3", "VolumeSize": dice.number(20, 500)},
            "EncryptionAtRestOptions": {"Enabled": on or dice.chance(40)},
            "NodeToNodeEncryptionOptions": {"Enabled": on or dice.chance(40)},
            "DomainEndpointOptions": {"EnforceHTTPS": on or dice.chance(40)},
            "AccessPolicies": document(
                statement("Allow", {"AWS": self.role()} if good or dice.chance(50) else "*", "es:ESHttp*", "*")
            ),
        }
        return self.name("Search"), "AWS::OpenSearchService::Domain", properties

    ROTATION = [
        kms_key, bucket, bucket_policy, group, ingress, iam_role, instance, database, function, queue, table,
        log_group, bucket, bucket_policy, trail, volume, group, ingress, search, database,
    ]  # fmt: skip
    # Nothing refers to these, so they may be absent.
    LEAVES = {"AWS::SQS::Queue", "AWS::DynamoDB::Table", "AWS::EC2::Volume", "AWS::Lambda::Function", "AWS::RDS::DBInstance"}

    def resource(self, index):
        """The next resource: its logical id and its body."""
        kind = self.ROTATION[index % len(self.ROTATION)]
        name, type_, properties = kind(self, self.dice.chance(50))
        body = {"Type": type_}
        if type_ in self.LEAVES and self.dice.chance(12):
            body["Condition"] = self.dice.pick(["IsProd", "IsDev"])
        if properties:
            body["Properties"] = properties
        return name, body


HEAD = {
    "AWSTemplateFormatVersion": "2010-09-09",
    "Description": "Made for measuring; not to be deployed",
    "Parameters": {
        "Env": {"Type": "String", "Default": "prod", "AllowedValues": ["prod", "dev"]},
        "KeepDays": {"Type": "Number", "Default": 2557},
        "Password": {"Type": "String", "NoEcho": True, "MinLength": 12},
        "Image": {"Type": "AWS::EC2::Image::Id"},
        "Network": {"Type": "AWS::EC2::VPC::Id"},
        "InnerSubnet": {"Type": "AWS::EC2::Subnet::Id"},
        "DefaultGroup": {"Type": "AWS::EC2::SecurityGroup::Id"},
        "DefaultBucket": {"Type": "String"},
        "DefaultKeyArn": {"Type": "String"},
        "DefaultRoleArn": {"Type": "String"},
    },
    "Mappings": {
        "Stages": {
            "prod": {"DatabaseClass": "db.m6g.large", "BackupDays": 35},
            "dev": {"DatabaseClass": "db.t3.micro", "BackupDays": 0},
        }
    },
    "Conditions": {
        "IsProd": {"Fn::Equals": [{"Ref": "Env"}, "prod"]},
        "IsDev": {"Fn::Not": [{"Condition": "IsProd"}]},
    },
}
TRIVIAL = {"AWSTemplateFormatVersion": "2010-09-09", "Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}}


# -- writing ----------------------------------------------------------------

PLAIN = re.compile(r"[A-Za-z/][A-Za-z0-9 _./-]*[A-Za-z0-9_/-]|[A-Za-z]")
WORDS_OF_YAML = {"true", "false", "yes", "no", "on", "off", "null", "y", "n"}
SHORT = {"Ref": "!Ref", "Condition": "!Condition"}


def yaml_scalar(value):
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, int):
        return str(value)
    if PLAIN.fullmatch(value) and value.lower() not in WORDS_OF_YAML:
        return value
    if "\n" in value:
        return json.dumps(value)
    return "'" + value.replace("'", "''") + "'"


def yaml_call(value):
    """The short form of an intrinsic function as (tag, argument), or None."""
    if isinstance(value, dict) and len(value) == 1:
        (name, argument), = value.items()
        if name.startswith("Fn::"):
            if name == "Fn::GetAtt":
                return "!GetAtt", ".".join(argument)
            return "!" + name[4:], argument
        if name in SHORT and isinstance(argument, str):
            return SHORT[name], argument
    return None


def yaml_flow(value):
    call = yaml_call(value)
    if call:
        # Short forms may not follow each other, nor may a tag stand on a list
        # inside of another short form's scalar: the long form is always right.
        tag, argument = call
        if tag in ("!Ref", "!GetAtt", "!Sub") and isinstance(argument, str):
            return f"{tag} {yaml_scalar(argument)}"
        (name, argument), = value.items()
        return f"{{'{name}': {yaml_flow(argument)}}}"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{yaml_scalar(k)}: {yaml_flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(yaml_flow(v) for v in value) + "]"
    return yaml_scalar(value)


def yaml_block(value, depth, out):
    """Append what follows `key:` or `-`, ending with a line break."""
    call = yaml_call(value)
    if call:
        tag, argument = call
        if isinstance(argument, dict):
            (name, argument), = value.items()
            out.append("\n" + "  " * depth + f"{name}:")
            yaml_block(argument, depth + 1, out)
        else:
            out.append(f" {tag} {yaml_flow(argument)}\n")
    elif isinstance(value, dict):
        out.append("\n")
        yaml_map(value, depth, out)
    elif isinstance(value, list):
        if all(not isinstance(v, (dict, list)) for v in value):
            out.append(" " + yaml_flow(value) + "\n")
        else:
            out.append("\n")
            for item in value:
                out.append("  " * depth + "-")
                if isinstance(item, dict) and not yaml_call(item):
                    inner = []
                    yaml_map(item, depth + 1, inner)
                    out.append(" " + "".join(inner)[2 * (depth + 1):])
                else:
                    yaml_block(item, depth + 1, out)
    else:
        out.append(f" {yaml_scalar(value)}\n")


def yaml_map(value, depth, out):
    for key, item in value.items():
        out.append("  " * depth + yaml_scalar(key) + ":")
        yaml_block(item, depth + 1, out)


class JsonWriter:
    def __init__(self, file, indent):
        self.file, self.indent, self.first = file, indent, True

    def shifted(self, value, depth):
        text = json.dumps(value, indent=self.indent)
        return text.replace("\n", "\n" + " " * (self.indent or 0) * depth)

    def head(self, head):
        text = json.dumps(head, indent=self.indent)
        text = text[: text.rindex("}")].rstrip()
        pad = "\n" + " " * self.indent if self.indent else ""
        self.file.write(f'{text},{pad}"Resources": {{')

    def resource(self, name, body):
        pad = "\n" + " " * self.indent * 2 if self.indent else ""
        self.file.write(("" if self.first else ",") + f'{pad}"{name}": {self.shifted(body, 2)}')
        self.first = False

    def end(self):
        pad = "\n" + " " * self.indent if self.indent else ""
        self.file.write(f"{pad}}}" + ("\n" if self.indent else "") + "}\n")


class YamlWriter:
    def __init__(self, file, _indent):
        self.file = file

    def head(self, head):
        out = []
        yaml_map(head, 0, out)
        self.file.write("".join(out) + "Resources:\n")

    def resource(self, name, body):
        out = []
        yaml_map({name: body}, 1, out)
        self.file.write("".join(out))

    def end(self):
        pass


def write(path, dice, first, count, indent):
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        writer = (YamlWriter if path.endswith((".yaml", ".yml")) else JsonWriter)(file, indent)
        writer.head(HEAD)
        template = Template(dice, first)
        for index in range(count):
            writer.resource(*template.resource(index))
        writer.end()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", help="file (.json, .yaml) or, with --per-file, folder")
    parser.add_argument("-n", type=int, default=1000, help="number of resources (default 1000)")
    parser.add_argument("--seed", type=int, default=1, help="another seed makes another template (default 1)")
    parser.add_argument("--per-file", type=int, metavar="K", help="write a folder of templates with K resources each")
    parser.add_argument("--format", choices=["json", "yaml"], default="json", help="of the files in a folder")
    parser.add_argument("--indent", type=int, default=1, help="of JSON; 0 puts everything on one line (default 1)")
    parser.add_argument("--trivial", action="store_true", help="one resource without properties, to time the start alone")
    options = parser.parse_args()

    if options.trivial:
        with open(options.out, "w", encoding="utf-8", newline="\n") as file:
            if options.out.endswith((".yaml", ".yml")):
                out = []
                yaml_map(TRIVIAL, 0, out)
                file.write("".join(out))
            else:
                json.dump(TRIVIAL, file, indent=options.indent or None)
                file.write("\n")
        return
    if options.n < 1:
        sys.exit("generate.py: at least one resource")

    dice = Dice(options.seed)
    if not options.per_file:
        write(options.out, dice, 0, options.n, options.indent)
        return
    os.makedirs(options.out, exist_ok=True)
    done = 0
    while done < options.n:
        count = min(options.per_file, options.n - done)
        path = os.path.join(options.out, f"part-{done // options.per_file:05}.{options.format}")
        write(path, dice, done, count, options.indent)
        done += count


if __name__ == "__main__":
    main()
