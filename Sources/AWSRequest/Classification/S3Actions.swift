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
            if let source = input.text(at: "CopySource") ?? input.text(at: "RenameSource") {
                actions += reads(of: source, bucket)
            }
        }
        if isExpress(bucket) { actions.append(builder.action("s3express:CreateSession", [self.bucket(bucket)])) }
        return actions
    }

    // MARK: ARNs

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
    ///
    /// - Parameter source: `bucket/key`, `/bucket/key` or an access point's ARN, percent-encoded, with `?versionId=` or
    ///   not.
    private func reads(of source: String, _ target: String) -> [RequiredAction] {
        let parts = source.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        guard let path = Self.decoded(String(parts.first ?? "")) else { return unknownRead }
        // A question mark that was encoded may be the key's or begin the version, and a version may be empty.
        if path.contains("?") || parts.count > 1 && !(parts[1].hasPrefix("versionId=") && parts[1].count > 10) {
            return unknownRead
        }
        let action = parts.count > 1 ? "s3:GetObjectVersion" : "s3:GetObject"
        if path.hasPrefix("arn:") { return [builder.action(action, [path])] }
        let name = path.hasPrefix("/") ? path.dropFirst() : path[...]
        if self.name == "RenameObject" { return [builder.action(action, [object(target, String(name))])] }
        guard let slash = name.firstIndex(of: "/"), slash != name.startIndex else { return unknownRead }
        let (bucket, key) = (String(name[..<slash]), String(name[name.index(after: slash)...]))
        guard !key.isEmpty else { return unknownRead }
        return [builder.action(action, [object(bucket, key)])]
    }

    private var unknownRead: [RequiredAction] {
        [builder.action("s3:GetObject", nil), builder.action("s3:GetObjectVersion", nil)]
    }

    private static func decoded(_ text: String) -> String? {
        String(validating: Percent.decode(Array(text.utf8)[...]), as: UTF8.self)
    }
}
