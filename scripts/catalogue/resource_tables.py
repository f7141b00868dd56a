"""Hand-curated tables: what operations act on where names alone do not tell.

A path may end in a rule for its value (`!last` takes what follows the last slash; Swift's `ResourceValues` has them
all) or in what stands for a value that is left out (`cluster|default`).
"""

# Names of operations whose resource does not exist yet.
CREATING = ("Create", "Run", "Allocate", "Register", "Request", "Import", "Copy", "Purchase", "Provision")

# Ends of member names that hold a role which the service assumes (lower case).
ROLE_SUFFIXES = ("rolearn", "role", "instanceprofilearn", "iaminstanceprofile", "credentialsarn")

# Ends of names of lists that may hold such roles; among other things, so that only a role's ARN in them counts.
ROLE_LIST_SUFFIXES = ("roles", "rolearns")

# Members that name the account of the resource, by service or IAM prefix.
OWNERS = {"ecr": ["registryId"], "glue": ["CatalogId"], "s3control": ["AccountId"], "lakeformation": ["CatalogId"]}

# Resource types whose member names another type: Glue's CatalogId is the account of the root catalog.
OTHER_NAMES = {"glue:catalog"}

_A = "arn:${Partition}:"
_R = ":${Region}:${Account}:"

# Better patterns than the published ones.
TEMPLATES = {
    "sqs:queue": _A + "sqs" + _R + "${QueueName}",
    # The ids in these ARNs are AWS's own and never in a request.
    "autoscaling:autoScalingGroup":
        _A + "autoscaling" + _R + "autoScalingGroup:*:autoScalingGroupName/${AutoScalingGroupName}",
    "cloudformation:stack": _A + "cloudformation" + _R + "stack/${StackName}/*",
    "autoscaling:launchConfiguration":
        _A + "autoscaling" + _R + "launchConfiguration:*:launchConfigurationName/${LaunchConfigurationName}",
    "rds:cluster": _A + "rds" + _R + "cluster:${DBClusterIdentifier}",
    "ssm:parameter": _A + "ssm" + _R + "parameter/${ParameterName}",
}

# What a left-out member stands for, by IAM prefix and member.
DEFAULTS = {
    ("ecs", "cluster"): "default", ("ecs", "clusterName"): "default", ("events", "EventBusName"): "default",
    ("athena", "WorkGroup"): "primary", ("schemas", "RegistryName"): "default",
}  # fmt: skip

_LOGS = _A + "logs" + _R + "log-group:${%s!loggroup}:log-stream:"
_DOCUMENT = _A + "ssm" + ":${Region}:${%s!owner}:document/${%s}"
_NODES = ["?InstanceIds!node", "?" + _A + "ec2" + _R + "instance/${Targets!any}"]

BINDINGS: dict[str, list[str]] = {
    "s3.ListBuckets": ["*"],
    "s3.ListDirectoryBuckets": ["*"],
    "s3.CreateSession": [_A + "s3express" + _R + "bucket/${Bucket}"],
    "s3.WriteGetObjectResponse": ["*"],
    "dynamodb.BatchGetItem": [_A + "dynamodb" + _R + "table/${RequestItems!keys}"],
    "dynamodb.BatchWriteItem": [_A + "dynamodb" + _R + "table/${RequestItems!keys}"],
    "dynamodb.TransactGetItems": [_A + "dynamodb" + _R + "table/${TransactItems.Get.TableName}"],
    "secretsmanager.CreateSecret": [_A + "secretsmanager" + _R + "secret:${Name}-??????"],
    "kms.ReEncrypt": ["DestinationKeyId!kms"],
    "kms.CreateAlias": [_A + "kms" + _R + "${AliasName}", "TargetKeyId!kms"],
    "kms.UpdateAlias": [_A + "kms" + _R + "${AliasName}", "TargetKeyId!kms"],
    "kms.DeleteAlias": [_A + "kms" + _R + "${AliasName}"],
    "apigateway.*": ["!path"],
    "apigatewayv2.*": ["!path"],
    "sts.AssumeRole": ["RoleArn"],
    "sts.AssumeRoleWithSAML": ["RoleArn"],
    "sts.AssumeRoleWithWebIdentity": ["RoleArn"],
    "cloudwatch.ListMetrics": ["*"],
    "cloudwatch.GetMetricData": ["*"],
    "ecs.RegisterTaskDefinition": [_A + "ecs" + _R + "task-definition/${family}:*"],
    "ecs.RunTask": [_A + "ecs" + _R + "task-definition/${taskDefinition!revision}"],
    "ecs.StartTask": [_A + "ecs" + _R + "task-definition/${taskDefinition!revision}"],
    "ecs.DeregisterTaskDefinition": ["*"],
    "ecs.DescribeTaskDefinition": ["*"],
    "ecs.DeleteTaskDefinitions": [_A + "ecs" + _R + "task-definition/${taskDefinitions!revision}"],
    "events.PutEvents": [_A + "events" + _R + "event-bus/${Entries.EventBusName!bus}"],
    "codebuild.BatchGetBuilds": [_A + "codebuild" + _R + "project/${ids!head}"],
    "codebuild.BatchGetBuildBatches": [_A + "codebuild" + _R + "project/${ids!head}"],
    "codebuild.BatchDeleteBuilds": [_A + "codebuild" + _R + "project/${ids!head}"],
    "codebuild.BatchGetProjects": [_A + "codebuild" + _R + "project/${names}"],
    "elbv2.CreateRule": ["ListenerArn"],
    "elbv2.CreateTargetGroup": [_A + "elasticloadbalancing" + _R + "targetgroup/${Name}/*"],
    "lambda.AddLayerVersionPermission": [_A + "lambda" + _R + "layer:${LayerName}:${VersionNumber}"],
    "lambda.DeleteLayerVersion": [_A + "lambda" + _R + "layer:${LayerName}:${VersionNumber}"],
    "lambda.GetLayerVersion": [_A + "lambda" + _R + "layer:${LayerName}:${VersionNumber}"],
    "lambda.GetLayerVersionPolicy": [_A + "lambda" + _R + "layer:${LayerName}:${VersionNumber}"],
    "lambda.RemoveLayerVersionPermission": [_A + "lambda" + _R + "layer:${LayerName}:${VersionNumber}"],
    "sqs.StartMessageMoveTask": ["SourceArn"],
    "sqs.ListMessageMoveTasks": ["SourceArn"],
    "route53.ChangeResourceRecordSets": ["arn:${Partition}:route53:::hostedzone/${HostedZoneId!last}"],
    "ec2.CreateTags": ["Resources!ec2"],
    "ec2.DeleteTags": ["Resources!ec2"],
    # Besides these AWS asks for groups and interfaces of its own accord; they do not show in the request.
    "ec2.RunInstances": [
        _A + "ec2" + _R + "instance/*", _A + "ec2" + _R + "volume/*", _A + "ec2" + _R + "network-interface/*",
        "?arn:${Partition}:ec2:${Region}::image/${ImageId}", "?" + _A + "ec2" + _R + "key-pair/${KeyName}",
        "?" + _A + "ec2" + _R + "subnet/${SubnetId}", "?" + _A + "ec2" + _R + "security-group/${SecurityGroupIds}",
        "?" + _A + "ec2" + _R + "subnet/${NetworkInterfaces.SubnetId}",
        "?" + _A + "ec2" + _R + "security-group/${NetworkInterfaces.Groups}",
        "?" + _A + "ec2" + _R + "security-group/${SecurityGroups!any}",
        "?" + _A + "ec2" + _R + "placement-group/${Placement.GroupName}",
        "?" + _A + "ec2" + _R + "launch-template/${LaunchTemplate.LaunchTemplateId}",
        "?" + _A + "ec2" + _R + "launch-template/${LaunchTemplate.LaunchTemplateName!any}",
    ],
    "ec2.ModifyInstanceCreditSpecification": [
        _A + "ec2" + _R + "instance/${InstanceCreditSpecifications.InstanceId}"],
    "cloudwatch.PutAlarmMuteRule": [_A + "cloudwatch" + _R + "alarm-mute-rule:${Name}"],
    "cloudwatch.ListAlarmMuteRules": [_A + "cloudwatch" + _R + "alarm-mute-rule:*"],
    "cloudwatch.StartMetricStreams": [_A + "cloudwatch" + _R + "metric-stream/${Names}"],
    "cloudwatch.StopMetricStreams": [_A + "cloudwatch" + _R + "metric-stream/${Names}"],
    "cloudwatch.DescribeAlarmContributors": [_A + "cloudwatch" + _R + "alarm:${AlarmName}"],
    "kinesis.GetRecords": [_A + "kinesis" + _R + "stream/${StreamARN|*}"],
    "codepipeline.CreatePipeline": [_A + "codepipeline" + _R + "${pipeline.name}"],
    "codepipeline.UpdatePipeline": [_A + "codepipeline" + _R + "${pipeline.name}"],
    "athena.UpdateNamedQuery": [_A + "athena" + _R + "workgroup/*"],
    "athena.UpdateNotebookMetadata": [_A + "athena" + _R + "workgroup/*"],
    "dynamodb.RestoreTableToPointInTime": [
        _A + "dynamodb" + _R + "table/${SourceTableName+SourceTableArn}",
        _A + "dynamodb" + _R + "table/${TargetTableName}",
    ],
    "dynamodb.StartBulkPutItems": [_A + "dynamodb" + _R + "table/${TableName}"],
    "ssm.SendCommand": [_DOCUMENT % ("DocumentName", "DocumentName"), *_NODES,
                        "?arn:${Partition}:s3:::${OutputS3BucketName}"],
    "ssm.StartSession": [
        "Target!node", _DOCUMENT % ("DocumentName|SSM-SessionManagerRunShell", "DocumentName|SSM-SessionManagerRunShell")],
    "ssm.GetConnectionStatus": ["Target!node"],
    "ssm.StartAutomationExecution": [
        _A + "ssm:${Region}:${DocumentName!owner}:automation-definition/${DocumentName!tail}:${DocumentVersion|$DEFAULT}",
        _A + "ssm" + _R + "automation-execution/*"],
    "ssm.GetCalendarState": [_A + "ssm" + _R + "document/${CalendarNames}"],
    "sqs.CancelMessageMoveTask": [_A + "sqs" + _R + "*"],
    "sqs.GetQueueUrl": [
        "arn:${Partition}:sqs:${Region}:${QueueOwnerAWSAccountId!account}:${QueueName}"],
    "ecs.DescribeDaemonTaskDefinition": [_A + "ecs" + _R + "daemon-task-definition/${daemonTaskDefinition!revision}"],
    "ecs.DeleteDaemonTaskDefinition": [_A + "ecs" + _R + "daemon-task-definition/${daemonTaskDefinition!revision}"],
    "ecs.RegisterDaemonTaskDefinition": [_A + "ecs" + _R + "daemon-task-definition/${family}:*"],
    "iam.ChangePassword": ["arn:${Partition}:iam::${Account}:user/*"],
    "iam.GetContextKeysForPrincipalPolicy": ["PolicySourceArn"],
    "iam.UpdateOpenIDConnectProvider": ["OpenIDConnectProviderArn"],
    "iam.SimulatePrincipalPolicy": ["PolicySourceArn"],
    "logs.TagResource": ["resourceArn"], "logs.UntagResource": ["resourceArn"],
    "logs.ListTagsForResource": ["resourceArn"],
    "logs.StartQuery": [_LOGS % "logGroupName+logGroupNames+logGroupIdentifiers"],
    "logs.StartLiveTail": [_LOGS % "logGroupIdentifiers"],
    "logs.CreateDelivery": [_A + "logs" + _R + "delivery-source:${deliverySourceName}", "deliveryDestinationArn",
                            _A + "logs" + _R + "delivery:*"],
    "logs.GetLogEvents": [
        _A + "logs" + _R + "log-group:${logGroupName+logGroupIdentifier!loggroup}:log-stream:${logStreamName}"],
}
# The resource of these is the group with `:log-stream:` behind it: policies end in `log-group:NAME:*` (CloudWatch Logs
# user guide, "Using identity-based policies"), but tags are on the group itself.
for _name in ("AssociateKmsKey", "CreateLogGroup", "DeleteDataProtectionPolicy", "DeleteIndexPolicy", "DeleteLogGroup",
              "DeleteMetricFilter", "DeleteRetentionPolicy", "DeleteSubscriptionFilter", "DeleteTransformer",
              "DescribeLogStreams", "DescribeMetricFilters", "DescribeSubscriptionFilters", "DisassociateKmsKey",
              "FilterLogEvents", "GetDataProtectionPolicy", "GetLogGroupFields", "GetTransformer",
              "PutDataProtectionPolicy", "PutIndexPolicy", "PutMetricFilter", "PutRetentionPolicy",
              "PutSubscriptionFilter", "PutTransformer", "CreateExportTask"):  # fmt: skip
    BINDINGS[f"logs.{_name}"] = [_LOGS % "logGroupName+logGroupIdentifier"]
for _name in ("DescribeRule", "PutRule", "DeleteRule", "EnableRule", "DisableRule"):
    BINDINGS[f"events.{_name}"] = ["Name!rule"]
for _name in ("PutTargets", "RemoveTargets", "ListTargetsByRule"):
    BINDINGS[f"events.{_name}"] = ["Rule!rule"]
for _name in ("StopBuild", "RetryBuild", "StopBuildBatch", "RetryBuildBatch", "DeleteBuildBatch", "StopSandbox"):
    BINDINGS[f"codebuild.{_name}"] = [_A + "codebuild" + _R + "project/${id!head}"]
for _name in ("GetDocument", "DescribeDocument", "DescribeDocumentPermission", "ModifyDocumentPermission",
              "UpdateDocument", "DeleteDocument", "UpdateDocumentDefaultVersion", "ListDocumentVersions",
              "UpdateDocumentMetadata", "ListDocumentMetadataHistory"):  # fmt: skip
    BINDINGS[f"ssm.{_name}"] = [_DOCUMENT % ("Name", "Name")]
for _name in ("PutSecretValue", "GetSecretValue", "DescribeSecret", "DeleteSecret", "UpdateSecret", "TagResource",
              "UntagResource", "RotateSecret", "RestoreSecret", "CancelRotateSecret", "GetResourcePolicy",
              "PutResourcePolicy", "DeleteResourcePolicy", "ValidateResourcePolicy", "ListSecretVersionIds",
              "UpdateSecretVersionStage", "ReplicateSecretToRegions", "RemoveRegionsFromReplication",
              "StopReplicationToReplica"):  # fmt: skip
    BINDINGS[f"secretsmanager.{_name}"] = [_A + "secretsmanager" + _R + "secret:${SecretId!secret}"]
BINDINGS["secretsmanager.BatchGetSecretValue"] = [_A + "secretsmanager" + _R + "secret:${SecretIdList!secret}"]
for _name in ("Decrypt", "Encrypt", "GenerateDataKey", "GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext",
              "GenerateDataKeyWithoutPlaintext", "GenerateMac", "VerifyMac", "Sign", "Verify", "DescribeKey",
              "DisableKey", "EnableKey", "ScheduleKeyDeletion", "CancelKeyDeletion", "GetKeyPolicy", "PutKeyPolicy",
              "ListKeyPolicies", "GetPublicKey", "CreateGrant", "ListGrants", "RetireGrant", "RevokeGrant",
              "TagResource", "UntagResource", "ListResourceTags", "EnableKeyRotation", "DisableKeyRotation",
              "GetKeyRotationStatus", "UpdateKeyDescription", "ReplicateKey", "UpdatePrimaryRegion",
              "DeriveSharedSecret", "GetParametersForImport", "ImportKeyMaterial", "DeleteImportedKeyMaterial",
              "ListKeyRotations", "RotateKeyOnDemand"):  # fmt: skip
    BINDINGS[f"kms.{_name}"] = ["KeyId!kms"]
for _name, _path in {
    "GetParameter": "Name", "GetParameters": "Names", "GetParametersByPath": "Path", "GetParameterHistory": "Name",
    "PutParameter": "Name", "DeleteParameter": "Name", "DeleteParameters": "Names", "LabelParameterVersion": "Name",
    "UnlabelParameterVersion": "Name",
}.items():  # fmt: skip
    BINDINGS[f"ssm.{_name}"] = [_A + "ssm" + _R + "parameter/${" + _path + "!bare}"]
for _name in ("SendMessage", "SendMessageBatch", "ReceiveMessage", "DeleteMessage", "DeleteMessageBatch", "PurgeQueue",
              "DeleteQueue", "GetQueueAttributes", "SetQueueAttributes", "ChangeMessageVisibility",
              "ChangeMessageVisibilityBatch", "AddPermission", "RemovePermission", "TagQueue", "UntagQueue",
              "ListQueueTags", "ListDeadLetterSourceQueues"):  # fmt: skip
    BINDINGS[f"sqs.{_name}"] = ["QueueUrl!queue"]
for _name in ("Invoke", "InvokeAsync", "InvokeWithResponseStream", "GetFunction", "GetFunctionConfiguration",
              "GetFunctionConcurrency", "GetPolicy", "AddPermission", "RemovePermission", "DeleteFunction",
              "UpdateFunctionCode", "UpdateFunctionConfiguration", "PublishVersion", "ListVersionsByFunction",
              "CreateAlias", "UpdateAlias", "DeleteAlias", "GetAlias", "ListAliases", "PutFunctionConcurrency",
              "DeleteFunctionConcurrency", "GetFunctionUrlConfig", "CreateFunctionUrlConfig", "UpdateFunctionUrlConfig",
              "DeleteFunctionUrlConfig", "ListFunctionUrlConfigs", "GetFunctionCodeSigningConfig",
              "PutFunctionCodeSigningConfig", "DeleteFunctionCodeSigningConfig", "GetFunctionEventInvokeConfig",
              "PutFunctionEventInvokeConfig", "UpdateFunctionEventInvokeConfig", "DeleteFunctionEventInvokeConfig",
              "ListFunctionEventInvokeConfigs", "PutProvisionedConcurrencyConfig", "GetProvisionedConcurrencyConfig",
              "DeleteProvisionedConcurrencyConfig", "ListProvisionedConcurrencyConfigs", "PutRuntimeManagementConfig",
              "GetRuntimeManagementConfig", "CreateFunction"):  # fmt: skip
    BINDINGS[f"lambda.{_name}"] = ["FunctionName!function"]
for _name in ("InvokeModel", "InvokeModelWithResponseStream", "Converse", "ConverseStream", "StartAsyncInvoke",
              "InvokeModelWithBidirectionalStream", "CountTokens"):  # fmt: skip
    BINDINGS[f"bedrock-runtime.{_name}"] = ["modelId!model"]
for _name in ("DeleteVirtualMFADevice", "ListMFADeviceTags", "TagMFADevice", "UntagMFADevice"):
    BINDINGS[f"iam.{_name}"] = ["SerialNumber"]
for _name in ("AddClientIDToOpenIDConnectProvider", "DeleteOpenIDConnectProvider", "GetOpenIDConnectProvider",
              "ListOpenIDConnectProviderTags", "RemoveClientIDFromOpenIDConnectProvider", "TagOpenIDConnectProvider",
              "UntagOpenIDConnectProvider", "UpdateOpenIDConnectProviderThumbprint"):  # fmt: skip
    BINDINGS[f"iam.{_name}"] = ["OpenIDConnectProviderArn"]
for _name in ("TagResource", "UntagResource", "ListTags"):
    BINDINGS[f"lambda.{_name}"] = ["Resource"]
