"""Hand-curated tables: operations whose IAM actions have other names (docs/catalogue.md, "Actions")."""

# The HTTP method is the action, the path is the resource.
VERB_SERVICES = {"apigateway", "apigatewayv2"}

# Words of batch operations that the action of a single one does not have.
BATCHES = {"sqs": ["Batch"], "sns": ["Batch"], "deadline": ["Batch"], "iotfleetwise": ["Batch"],
           "verifiedpermissions": ["Batch"], "bcm-pricing-calculator": ["Batch"], "route53resolver": ["Batch"],
           "mediaconnect": ["Batch"]}  # fmt: skip

_S3_CONFIGURATIONS = {
    "Analytics": "AnalyticsConfiguration", "IntelligentTiering": "IntelligentTieringConfiguration",
    "Inventory": "InventoryConfiguration", "Metrics": "MetricsConfiguration",
}  # fmt: skip

_S3 = {
    "AbortMultipartUpload": ["AbortMultipartUpload"],
    "CompleteMultipartUpload": ["PutObject"],
    "CopyObject": ["PutObject"],
    "CreateBucketMetadataConfiguration": ["CreateBucketMetadataTableConfiguration"],
    "CreateMultipartUpload": ["PutObject"],
    "CreateSession": ["s3express:CreateSession"],
    "DeleteBucketCors": ["PutBucketCORS"],
    "DeleteBucketEncryption": ["PutEncryptionConfiguration"],
    "DeleteBucketLifecycle": ["PutLifecycleConfiguration"],
    "DeleteBucketMetadataConfiguration": ["DeleteBucketMetadataTableConfiguration"],
    "DeleteBucketOwnershipControls": ["PutBucketOwnershipControls"],
    "DeleteBucketReplication": ["PutReplicationConfiguration"],
    "DeleteBucketTagging": ["PutBucketTagging"],
    "DeleteObjects": ["DeleteObject"],
    "DeletePublicAccessBlock": ["PutBucketPublicAccessBlock"],
    "GetBucketAccelerateConfiguration": ["GetAccelerateConfiguration"],
    "GetBucketEncryption": ["GetEncryptionConfiguration"],
    "GetBucketLifecycle": ["GetLifecycleConfiguration"],
    "GetBucketLifecycleConfiguration": ["GetLifecycleConfiguration"],
    "GetBucketMetadataConfiguration": ["GetBucketMetadataTableConfiguration"],
    "GetBucketNotificationConfiguration": ["GetBucketNotification"],
    "GetBucketReplication": ["GetReplicationConfiguration"],
    "GetObjectLockConfiguration": ["GetBucketObjectLockConfiguration"],
    "GetPublicAccessBlock": ["GetBucketPublicAccessBlock"],
    "HeadBucket": ["ListBucket"],
    "HeadObject": ["GetObject"],
    "ListBucketAnalyticsConfigurations": ["GetAnalyticsConfiguration"],
    "ListBucketIntelligentTieringConfigurations": ["GetIntelligentTieringConfiguration"],
    "ListBucketInventoryConfigurations": ["GetInventoryConfiguration"],
    "ListBucketMetricsConfigurations": ["GetMetricsConfiguration"],
    "ListBuckets": ["ListAllMyBuckets"],
    "ListDirectoryBuckets": ["s3express:ListAllMyDirectoryBuckets"],
    "ListMultipartUploads": ["ListBucketMultipartUploads"],
    "ListObjectVersions": ["ListBucketVersions"],
    "ListObjects": ["ListBucket"],
    "ListObjectsV2": ["ListBucket"],
    "ListParts": ["ListMultipartUploadParts"],
    "PutBucketAccelerateConfiguration": ["PutAccelerateConfiguration"],
    "PutBucketEncryption": ["PutEncryptionConfiguration"],
    "PutBucketLifecycle": ["PutLifecycleConfiguration"],
    "PutBucketLifecycleConfiguration": ["PutLifecycleConfiguration"],
    "PutBucketNotificationConfiguration": ["PutBucketNotification"],
    "PutBucketReplication": ["PutReplicationConfiguration"],
    "PutObjectLockConfiguration": ["PutBucketObjectLockConfiguration"],
    "PutPublicAccessBlock": ["PutBucketPublicAccessBlock"],
    "RenameObject": ["PutObject", "GetObject", "DeleteObject"],
    "SelectObjectContent": ["GetObject"],
    "UpdateBucketMetadataAnnotationTableConfiguration": ["UpdateBucketMetadataInventoryTableConfiguration"],
    "UpdateBucketMetadataInventoryTableConfiguration": ["UpdateBucketMetadataInventoryTableConfiguration"],
    "UpdateBucketMetadataJournalTableConfiguration": ["UpdateBucketMetadataJournalTableConfiguration"],
    "UploadPart": ["PutObject"],
    "UploadPartCopy": ["PutObject"],
    "WriteGetObjectResponse": ["s3-object-lambda:WriteGetObjectResponse"],
    **{f"GetBucket{k}Configuration": [f"Get{v}"] for k, v in _S3_CONFIGURATIONS.items()},
    **{f"PutBucket{k}Configuration": [f"Put{v}"] for k, v in _S3_CONFIGURATIONS.items()},
    **{f"DeleteBucket{k}Configuration": [f"Put{v}"] for k, v in _S3_CONFIGURATIONS.items()},
}

_DYNAMODB = {
    "TransactGetItems": ["GetItem"],
    # What a transaction or a statement really needs shows in its input (Classification/DynamoDBActions.swift).
    "TransactWriteItems": ["PutItem", "UpdateItem", "DeleteItem", "ConditionCheckItem"],
    "ExecuteStatement": ["PartiQLSelect", "PartiQLInsert", "PartiQLUpdate", "PartiQLDelete"],
    "BatchExecuteStatement": ["PartiQLSelect", "PartiQLInsert", "PartiQLUpdate", "PartiQLDelete"],
    "ExecuteTransaction": ["PartiQLSelect", "PartiQLInsert", "PartiQLUpdate", "PartiQLDelete"],
}

_BUDGETS = {
    name: ["ModifyBudget" if name.startswith(("Create", "Delete", "Update")) else "ViewBudget"]
    for name in (
        "CreateBudget", "CreateNotification", "CreateSubscriber", "DeleteBudget", "DeleteNotification",
        "DeleteSubscriber", "DescribeBudget", "DescribeBudgetNotificationsForAccount",
        "DescribeBudgetPerformanceHistory", "DescribeBudgets", "DescribeNotificationsForBudget",
        "DescribeSubscribersForNotification", "UpdateBudget", "UpdateNotification", "UpdateSubscriber",
    )
}  # fmt: skip

_KEYSPACES = {
    "CreateKeyspace": ["Create"], "CreateTable": ["Create"], "CreateType": ["Create"], "RestoreTable": ["Restore"],
    "DeleteKeyspace": ["Drop"], "DeleteTable": ["Drop"], "DeleteType": ["Drop"],
    "UpdateKeyspace": ["Alter"], "UpdateTable": ["Alter"], "TagResource": ["TagResource"],
    **{name: ["Select"] for name in (
        "GetKeyspace", "GetTable", "GetTableAutoScalingSettings", "GetType", "ListKeyspaces", "ListTables",
        "ListTagsForResource", "ListTypes",
    )},
}  # fmt: skip

NAMED: dict[str, dict[str, list[str]]] = {
    "s3": _S3,
    "s3control": {
        "DeleteBucketLifecycleConfiguration": ["s3-outposts:PutLifecycleConfiguration"],
        "DeleteBucketReplication": ["s3-outposts:PutReplicationConfiguration"],
        "DeleteBucketTagging": ["s3-outposts:PutBucketTagging"],
        "DeletePublicAccessBlock": ["PutAccountPublicAccessBlock"],
        "GetBucket": ["s3-outposts:GetBucket"],
        "GetBucketLifecycleConfiguration": ["s3-outposts:GetLifecycleConfiguration"],
        "GetBucketReplication": ["s3-outposts:GetReplicationConfiguration"],
        "GetPublicAccessBlock": ["GetAccountPublicAccessBlock"],
        "ListRegionalBuckets": ["s3-outposts:ListRegionalBuckets"],
        "PutBucketLifecycleConfiguration": ["s3-outposts:PutLifecycleConfiguration"],
        "PutBucketReplication": ["s3-outposts:PutReplicationConfiguration"],
        "PutPublicAccessBlock": ["PutAccountPublicAccessBlock"],
        "DeleteAccessPointScope": ["s3express:DeleteAccessPointScope"],
        "GetAccessPointScope": ["s3express:GetAccessPointScope"],
        "PutAccessPointScope": ["s3express:PutAccessPointScope"],
        "ListAccessPointsForDirectoryBuckets": ["s3express:ListAccessPointsForDirectoryBuckets"],
    },
    "lambda": {
        "Invoke": ["InvokeFunction"],
        "InvokeAsync": ["InvokeFunction"],
        "InvokeWithResponseStream": ["InvokeFunction"],
        "GetLayerVersionByArn": ["GetLayerVersion"],
    },
    "bedrock-runtime": {
        "Converse": ["InvokeModel"],
        "ConverseStream": ["InvokeModelWithResponseStream"],
        "InvokeModelWithBidirectionalStream": ["InvokeModel"],
        "StartAsyncInvoke": ["InvokeModel"],
    },
    "bedrock-agent-runtime": {"RetrieveAndGenerateStream": ["RetrieveAndGenerate"]},
    "dynamodb": _DYNAMODB,
    "kms": {"ReEncrypt": ["ReEncryptFrom", "ReEncryptTo"]},
    "budgets": _BUDGETS,
    "keyspaces": _KEYSPACES,
    "cloudfront": {
        "CreateDistributionWithTags": ["CreateDistribution", "TagResource"],
        "CreateStreamingDistributionWithTags": ["CreateStreamingDistributionWithTags"],
    },
    "kinesisanalyticsv2": {
        "CreateApplicationSnapshot": ["CreateApplicationSnapshot"],
    },
    "neptune-graph": {"ExecuteQuery": ["ReadDataViaQuery", "WriteDataViaQuery", "DeleteDataViaQuery"]},
    "timestream-query": {"Query": ["Select"]},
    "rds-data": {"ExecuteSql": ["ExecuteSql"]},
    "iot-jobs-data": {"StartCommandExecution": ["iot:StartCommandExecution"]},
    "comprehendmedical": {"DetectEntities": ["DetectEntitiesV2"]},
    "geo-maps": {
        "GetGlyphs": ["GetStaticMap"], "GetSprites": ["GetStaticMap"], "GetStyleDescriptor": ["GetStaticMap"],
    },
    "dms": {
        "DescribeDataProviders": ["ListDataProviders"],
        "DescribeExtensionPackAssociations": ["ListExtensionPacks"],
        "DescribeInstanceProfiles": ["ListInstanceProfiles"],
        "DescribeMetadataModelAssessments": ["ListMetadataModelAssessments"],
        "DescribeMetadataModelConversions": ["ListMetadataModelConversions"],
        "DescribeMetadataModelExportsAsScript": ["ListMetadataModelExports"],
        "DescribeMetadataModelExportsToTarget": ["ListMetadataModelExports"],
        "DescribeMigrationProjects": ["ListMigrationProjects"],
        "ModifyConversionConfiguration": ["UpdateConversionConfiguration"],
        "ModifyDataProvider": ["UpdateDataProvider"],
        "ModifyInstanceProfile": ["UpdateInstanceProfile"],
        "ModifyMigrationProject": ["UpdateMigrationProject"],
        "StartExtensionPackAssociation": ["AssociateExtensionPack"],
        "StartMetadataModelExportAsScript": ["StartMetadataModelExportAsScripts"],
    },
    "quicksight": {
        "DescribeAnalysisDefinition": ["DescribeAnalysis"],
        "DescribeDashboardDefinition": ["DescribeDashboard"],
        "DescribeTemplateDefinition": ["DescribeTemplate"],
    },
    "route53profiles": {"UpdateProfileAssociation": ["AssociateProfile"]},
    "vpc-lattice": {"BatchUpdateRule": ["UpdateRule"]},
    "batch": {
        "CancelJobs": ["CancelJob"], "TerminateJobs": ["TerminateJob"], "TerminateServiceJobs": ["TerminateServiceJob"],
    },
}  # fmt: skip
