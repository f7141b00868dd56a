/// Finds S3 operations: bucket and key from host or path, the operation by a closed list of query keys.
struct S3Matcher {
    let head: RequestHead
    let scope: Scope

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
            guard Self.isBucketName(label) else { throw .unknownHost(label) }
            let key = (path.lowerBound &+ 1)..<path.upperBound
            return S3Target(bucket: label, key: key.isEmpty ? nil : head.target.decoded(key), isVirtualHosted: true)
        }
        guard path.count > 1 else { return nil }
        let rest = (path.lowerBound &+ 1)..<path.upperBound
        let slash = head.target.bytes[rest].firstIndex(of: UInt8(ascii: "/")) ?? rest.upperBound
        let bucket = head.target.decodedText(rest.lowerBound..<slash)
        guard Self.isBucketName(bucket) || Self.isARN(bucket) else {
            throw .malformedTarget("\(bucket) is not a bucket name")
        }
        let key = min(slash &+ 1, rest.upperBound)..<rest.upperBound
        return S3Target(bucket: bucket, key: key.isEmpty ? nil : head.target.decoded(key), isVirtualHosted: false)
    }

    /// Whether a text can be a bucket or an access point alias; upper case and underscores date from before 2018.
    private static func isBucketName(_ text: String) -> Bool {
        guard (3...255).contains(text.utf8.count) else { return false }
        return text != ".."
            && text.utf8.allSatisfy {
                ASCII.isDigit($0) || ASCII.lowercased($0) &- 97 < 26 || $0 == 0x2D || $0 == 0x2E || $0 == 0x5F
            }
    }

    private static func isARN(_ text: String) -> Bool { text.hasPrefix("arn:") }
}
