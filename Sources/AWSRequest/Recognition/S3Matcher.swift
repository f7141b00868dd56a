/// Finds S3 operations: bucket and key from host or path, the operation by a closed list of query keys.
struct S3Matcher {
    let head: RequestHead
    let scope: Scope
    let hosts: SiteHosts

    func match() throws(RecognitionError) -> Recogniser.Match {
        if let response = objectLambdaResponse { return response }
        if head.target.pathText.hasPrefix("/v20180820/"), head.label == .none {
            throw .unsupported("S3 Control needs x-amz-account-id; S3 on Outposts is not offered")
        }
        let target = try bucketAndKey()
        let level: RestMatcher.S3Level = target == nil ? .service : target?.key == nil ? .bucket : .object
        let outcome = RestMatcher(head: head, s3Level: level).match(scope.services.filter { $0.usesS3Rules })
        guard var operations = Optional(outcome.operations), !operations.isEmpty else {
            if let (operation, key) = outcome.refusedKey {
                throw .unknownQueryKey(operation: operation.qualifiedName, key: key)
            }
            if head.method == .post, head.mediaType == "multipart/form-data" {
                throw .unsupported("S3 browser uploads by POST form are not offered: use PutObject")
            }
            throw .noMatch(service: "s3", method: head.methodName, path: head.target.pathText)
        }
        operations = try preferred(operations)
        return Recogniser.Match(operations: operations, wireProtocol: .s3, s3: target)
    }

    /// S3's own old and new names mean the same call; GET / is one of two calls by its scope.
    private func preferred(_ operations: [Operation]) throws(RecognitionError) -> [Operation] {
        let isExpress = scope.name == "s3express"
        if let directory = operations.first(where: { $0.nameText == "ListDirectoryBuckets" }) {
            return [isExpress ? directory : operations.first { $0.nameText == "ListBuckets" } ?? directory]
        }
        if operations.contains(where: { $0.nameText == "CreateSession" }) {
            throw .unsupported(
                "S3 Express sessions are not offered: set AWS_S3_DISABLE_EXPRESS_SESSION_AUTH=true"
            )
        }
        // The longer of two names is today's: GetBucketLifecycleConfiguration, not GetBucketLifecycle.
        return operations.max { $0.nameText.count < $1.nameText.count }.map { [$0] } ?? operations
    }

    /// A Lambda function's answer to S3 Object Lambda: the one path that is no bucket's.
    private var objectLambdaResponse: Recogniser.Match? {
        guard scope.name == "s3-object-lambda", head.method == .post, head.target.query.isEmpty,
            head.target.pathText == "/WriteGetObjectResponse"
        else { return nil }
        let operation = scope.services.lazy.compactMap { $0.operation(named: "WriteGetObjectResponse") }.first
        return operation.map { Recogniser.Match(operations: [$0], wireProtocol: .s3) }
    }

    private func bucketAndKey() throws(RecognitionError) -> S3Target? {
        let path = head.target.path
        if case .dotted(let label) = head.label {
            let accessPoint = try accessPoint(inHost: label)
            guard accessPoint != nil || Self.isBucketName(label) else { throw .unknownHost(label) }
            let key = (path.lowerBound &+ 1)..<path.upperBound
            return S3Target(
                bucket: accessPoint?.arn ?? label,
                key: key.isEmpty ? nil : head.target.decoded(key),
                isVirtualHosted: true,
                accessPoint: accessPoint
            )
        }
        guard path.count > 1 else { return nil }
        let rest = (path.lowerBound &+ 1)..<path.upperBound
        let slash = head.target.bytes[rest].firstIndex(of: UInt8(ascii: "/")) ?? rest.upperBound
        let bucket = head.target.decodedText(rest.lowerBound..<slash)
        var accessPoint: S3AccessPoint?
        if bucket.hasPrefix("arn:") { accessPoint = try self.accessPoint(inPath: bucket) }
        guard accessPoint != nil || Self.isBucketName(bucket) else {
            throw .malformedTarget("\(bucket) is not a bucket name")
        }
        let key = min(slash &+ 1, rest.upperBound)..<rest.upperBound
        return S3Target(
            bucket: accessPoint?.arn ?? bucket,
            key: key.isEmpty ? nil : head.target.decoded(key),
            isVirtualHosted: false,
            accessPoint: accessPoint
        )
    }

    private func accessPoint(inHost label: String) throws(RecognitionError) -> S3AccessPoint? {
        let kind = S3AccessPoint.Kind(rawValue: scope.name)
        if let listed = hosts.accessPoint(label: label, region: scope.region), kind == listed.kind { return listed }
        return try S3AccessPoint.inHost(label, kind: kind, region: scope.region)
    }

    /// An access point's ARN in the bucket's place, its slash encoded.
    private func accessPoint(inPath arn: String) throws(RecognitionError) -> S3AccessPoint {
        if arn.hasSuffix(":accesspoint") {
            throw .malformedTarget("the slash in an access point's ARN must be encoded, as %2F")
        }
        let found = try S3AccessPoint(arn: arn)
        guard found.kind.rawValue == scope.name, found.region == scope.region.name,
            found.partition == scope.region.partition.id
        else { throw .conflict("the ARN in the path is of another service or region than the signature") }
        return found
    }

    /// Whether a text can be a bucket or an access point alias; upper case and underscores date from before 2018.
    private static func isBucketName(_ text: String) -> Bool {
        guard (3...255).contains(text.utf8.count) else { return false }
        return text != ".."
            && text.utf8.allSatisfy {
                ASCII.isDigit($0) || ASCII.lowercased($0) &- 97 < 26 || $0 == 0x2D || $0 == 0x2E || $0 == 0x5F
            }
    }
}
