/// The actions of S3 calls: headers, versions and sources decide as much as the operation.
struct S3Actions {
    let builder: ActionBuilder

    private var input: ParsedInput { builder.input }
    private var name: String { builder.operation.name }

    func actions() -> [RequiredAction] {
        let main = builder.operation.actions.map(\.name)
        guard let bucket = input.text(at: "Bucket") else { return main.map { builder.action($0, ["*"]) } }
        var actions: [RequiredAction]
        switch name {
        case "DeleteObjects": actions = deletions(bucket)
        default:
            let resource = input.text(at: "Key").map { object(bucket, $0) } ?? self.bucket(bucket)
            actions = versioned(main).map { builder.action($0, [resource]) }
            actions += additional(resource)
            if let source = input.text(at: "CopySource") { actions += reads(of: source) }
            if let source = input.text(at: "RenameSource") { actions += [renamed(source, in: bucket)] }
        }
        if isObjectLambda(bucket) { actions = actions.map { builder.action(lambdaName($0.name), $0.resources) } }
        if isExpress(bucket) { actions.append(builder.action("s3express:CreateSession", [self.bucket(bucket)])) }
        return actions
    }

    // MARK: ARNs

    private func isObjectLambda(_ bucket: String) -> Bool {
        bucket.hasPrefix("arn:\(builder.context.partition):\(S3AccessPoint.Kind.objectLambda.rawValue):")
    }

    /// The same action on an access point of S3 Object Lambda, which has names of its own.
    private func lambdaName(_ name: String) -> String {
        S3AccessPoint.Kind.objectLambda.rawValue + name.drop { $0 != ":" }
    }

    private func isExpress(_ bucket: String) -> Bool { bucket.hasSuffix("--x-s3") }

    private func bucket(_ name: String) -> String {
        if name.hasPrefix("arn:") { return name }
        if isExpress(name) { return builder.context.prefix("s3express") + "bucket/" + name }
        return "arn:\(builder.context.partition):s3:::\(name)"
    }

    private func object(_ bucket: String, _ key: String) -> String {
        if bucket.hasPrefix("arn:") { return bucket + "/object/" + key }
        return "arn:\(builder.context.partition):s3:::\(bucket)/\(key)"
    }

    // MARK: Actions

    /// A version id turns an action on an object into the one on its versions.
    private func versioned(_ actions: [String]) -> [String] {
        guard input.text(at: "VersionId") != nil else {
            return name == "GetObjectAttributes" ? ["s3:GetObjectAttributes", "s3:GetObject"] : actions
        }
        return switch name {
        case "GetObject", "HeadObject": ["s3:GetObjectVersion"]
        case "GetObjectAcl": ["s3:GetObjectVersionAcl"]
        case "GetObjectTagging": ["s3:GetObjectVersionTagging"]
        case "GetObjectAttributes": ["s3:GetObjectVersionAttributes", "s3:GetObjectVersion"]
        case "PutObjectAcl": ["s3:PutObjectVersionAcl"]
        case "PutObjectTagging": ["s3:PutObjectVersionTagging"]
        case "DeleteObject": ["s3:DeleteObjectVersion"]
        case "DeleteObjectTagging": ["s3:DeleteObjectVersionTagging"]
        default: actions
        }
    }

    /// What headers ask for beside the operation itself.
    private func additional(_ resource: String) -> [RequiredAction] {
        let grants = ["ACL", "GrantFullControl", "GrantRead", "GrantReadACP", "GrantWrite", "GrantWriteACP"]
        let setsACL = grants.contains { input.text(at: $0) != nil }
        var names: [String] = []
        switch name {
        case "PutObject", "CopyObject", "CreateMultipartUpload":
            if setsACL { names.append("s3:PutObjectAcl") }
            if input.text(at: "Tagging") != nil { names.append("s3:PutObjectTagging") }
            if input.text(at: "ObjectLockMode") != nil || input.text(at: "ObjectLockRetainUntilDate") != nil {
                names.append("s3:PutObjectRetention")
            }
            if input.text(at: "ObjectLockLegalHoldStatus") != nil { names.append("s3:PutObjectLegalHold") }
        case "CreateBucket":
            if setsACL { names.append("s3:PutBucketAcl") }
            if input.text(at: "ObjectOwnership") != nil { names.append("s3:PutBucketOwnershipControls") }
            if !input.values(at: "CreateBucketConfiguration.Tags").isEmpty { names.append("s3:TagResource") }
            if input.text(at: "ObjectLockEnabledForBucket")?.lowercased() == "true" {
                names += ["s3:PutBucketObjectLockConfiguration", "s3:PutBucketVersioning"]
            }
        default: break
        }
        if bypassesRetention { names.append("s3:BypassGovernanceRetention") }
        return names.map { builder.action($0, [resource]) }
    }

    private var bypassesRetention: Bool { input.text(at: "BypassGovernanceRetention")?.lowercased() == "true" }

    /// One action for keys, one for versions, each with all the objects that it deletes.
    private func deletions(_ bucket: String) -> [RequiredAction] {
        var keys: [String] = []
        var versions: [String] = []
        for entry in input.values(at: "Delete.Objects") {
            guard let key = entry["Key"]?.text else { return [builder.action("s3:DeleteObject", nil)] }
            if entry["VersionId"]?.text != nil {
                versions.append(object(bucket, key))
            } else {
                keys.append(object(bucket, key))
            }
        }
        var actions: [RequiredAction] = []
        if !keys.isEmpty { actions.append(builder.action("s3:DeleteObject", keys)) }
        if !versions.isEmpty { actions.append(builder.action("s3:DeleteObjectVersion", versions)) }
        if actions.isEmpty { actions.append(builder.action("s3:DeleteObject", nil)) }
        if bypassesRetention { actions.append(builder.action("s3:BypassGovernanceRetention", keys + versions)) }
        return actions
    }

    /// Reading the source of a copy.
    private func reads(of text: String) -> [RequiredAction] {
        guard let source = S3CopySource(text), let hasVersion = source.hasVersion else { return unknownRead }
        let resource =
            switch source.place {
            case .arn(let arn): arn
            case .object(let bucket, let key): object(bucket, key)
            }
        return [builder.action(hasVersion ? "s3:GetObjectVersion" : "s3:GetObject", [resource])]
    }

    /// Reading what is renamed: a key of the same bucket, percent-encoded.
    private func renamed(_ source: String, in bucket: String) -> RequiredAction {
        guard let key = Self.decoded(source.hasPrefix("/") ? String(source.dropFirst()) : source), !key.contains("?")
        else { return builder.action("s3:GetObject", nil) }
        return builder.action("s3:GetObject", [object(bucket, key)])
    }

    private var unknownRead: [RequiredAction] {
        [builder.action("s3:GetObject", nil), builder.action("s3:GetObjectVersion", nil)]
    }

    private static func decoded(_ text: String) -> String? {
        String(validating: Percent.decode(Array(text.utf8)[...]), as: UTF8.self)
    }
}
