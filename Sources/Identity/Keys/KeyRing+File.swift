internal import OpenSSL

extension KeyRing {
    /// The most bytes of a ring's file.
    private static let maximumBytes = 65_536

    /// Reads a ring from a file that nobody but its owner and its group's readers can reach.
    ///
    /// The owner must be root or the user of this process; a link is judged by the file that it leads to.
    public init(file path: String) throws(KeyRingError) {
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try BoundedFile.read(path, maximumBytes: Self.maximumBytes, secrecy: .secret)
        } catch {
            throw .file(error)
        }
        try self.init(parsing: bytes)
    }

    /// Reads a ring:
    /// `{"keys": [{"id": "A2B3", "created": TIME, "activates": TIME, "retires": TIME or null, "key": BASE64URL}]}`,
    /// each time as `yyyy-MM-ddTHH:mm:ssZ`, unknown members refused.
    public init(parsing document: [UInt8]) throws(KeyRingError) {
        guard let root = try? JSONValue(parsing: document), let members = root.object, members.count == 1,
            let list = members["keys"]?.array
        else { throw .malformed }
        var keys: [Key] = []
        for element in list {
            guard let key = element.object else { throw .malformed }
            keys.append(try Self.key(key))
        }
        try self.init(keys: keys)
    }

    /// Replaces the file atomically; a new one is readable by its owner alone.
    public func write(to path: String) throws(KeyRingError) {
        do throws(FileError) {
            try BoundedFile.replace(path, with: Array(serialized.utf8))
        } catch {
            throw .file(error)
        }
    }

    /// The document that `init(parsing:)` reads: secret.
    var serialized: String {
        let lines = keys.map { key in
            let retires = key.retires.map { "\"\($0)\"" } ?? "null"
            let material = key.material.withSpan { Base64URL.encode($0) }
            return "    {\"id\": \"\(key.id)\", \"created\": \"\(key.created)\", \"activates\": \"\(key.activates)\", "
                + "\"retires\": \(retires), \"key\": \"\(material)\"}"
        }
        return "{\"keys\": [\n\(lines.joined(separator: ",\n"))\n]}\n"
    }

    private static func key(_ members: [String: JSONValue]) throws(KeyRingError) -> Key {
        func time(_ name: String) -> UnixTime? {
            members[name]?.string.flatMap(UnixTime.init(iso8601:))
        }
        guard Set(members.keys).isSubset(of: ["id", "created", "activates", "retires", "key"]),
            let id = members["id"]?.string, let created = time("created"), let activates = time("activates"),
            let material = members["key"]?.string.flatMap({ Base64URL.decode($0) })
        else { throw .malformed }
        var retires: UnixTime?
        if let value = members["retires"], value != .null {
            guard let moment = time("retires") else { throw .malformed }
            retires = moment
        }
        return try Key(
            id: id,
            created: created,
            activates: activates,
            retires: retires,
            material: SecretBytes(material)
        )
    }
}
