/// What x-amz-copy-source names (S3 API reference, CopyObject).
struct S3CopySource: Equatable {
    enum Place: Equatable {
        case object(bucket: String, key: String)
        /// The ARN of an object behind an access point.
        case arn(String)
    }

    let place: Place
    /// Whether a version is asked for; nil where that cannot be told for certain.
    let hasVersion: Bool?

    /// Reads `bucket/key`, `/bucket/key` or `arn:…:accesspoint/name/object/key`, percent-encoded, with `?versionId=` or
    /// not; nil for what names no bucket and key.
    init?(_ text: String) {
        let parts = text.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first,
            let path = String(validating: Percent.decode(Array(first.utf8)[...]), as: UTF8.self)
        else { return nil }
        if path.hasPrefix("arn:") {
            guard let object = path.firstRange(of: "/object/"), object.upperBound < path.endIndex,
                path.split(separator: ":", omittingEmptySubsequences: false).count >= 6
            else { return nil }
            place = .arn(path)
        } else {
            let name = path.hasPrefix("/") ? path.dropFirst() : path[...]
            guard let slash = name.firstIndex(of: "/"), slash != name.startIndex else { return nil }
            let (bucket, key) = (String(name[..<slash]), String(name[name.index(after: slash)...]))
            guard !key.isEmpty else { return nil }
            place = .object(bucket: bucket, key: key)
        }
        // A question mark that was encoded may be the key's or begin the version, and a version may be empty.
        if path.contains("?") || parts.count > 1 && !(parts[1].hasPrefix("versionId=") && parts[1].count > 10) {
            hasVersion = nil
        } else {
            hasVersion = parts.count > 1
        }
    }
}
