import Audit

extension Settings.Audit {
    /// Reads the part `audit` of postern.yaml.
    init(reading reader: MappingReader, defaultRegion: String) {
        self.init(
            queue: reader.integer("queue", default: 10_000, in: 100...1_000_000),
            deadline: reader.seconds("deadline", default: 2, in: 1...30),
            checkpointEvery: reader.seconds("checkpoint_every", default: 60, in: 1...3_600),
            sinks: Self.sinks(reader.mapping("sinks")),
            checkpointExport: Self.export(reader.mapping("checkpoint_export"), defaultRegion: defaultRegion)
        )
        reader.finish()
    }

    private static func sinks(_ reader: MappingReader) -> Sinks {
        defer { reader.finish() }
        return Sinks(
            file: absolutePath(reader),
            syslog: syslog(reader),
            queue: reader.integer("queue", default: 10_000, in: 100...1_000_000)
        )
    }

    private static func export(_ reader: MappingReader, defaultRegion: String) -> CheckpointExport {
        defer { reader.finish() }
        let isNamed = reader.node("s3")?.isNull == false
        return CheckpointExport(
            file: absolutePath(reader),
            syslog: syslog(reader),
            bucket: isNamed ? bucket(reader.mapping("s3"), defaultRegion: defaultRegion) : nil
        )
    }

    /// A program's directory is not what an operator thinks of.
    private static func absolutePath(_ reader: MappingReader) -> String? {
        let path = reader.text("file")
        if let path, !path.hasPrefix("/") { reader.report("file", "must be an absolute path") }
        return path
    }

    private static func syslog(_ reader: MappingReader) -> SyslogAddress? {
        guard let text = reader.text("syslog") else { return nil }
        let address = SyslogAddress(parsing: text)
        if address == nil {
            reader.report("syslog", "must be unix:/dev/log, udp://HOST[:PORT] or tcp://HOST[:PORT]")
        }
        return address
    }

    private static func bucket(_ reader: MappingReader, defaultRegion: String) -> Bucket {
        defer { reader.finish() }
        let name = reader.required("bucket", hint: "the bucket's name")
        let prefix = reader.text("prefix") ?? "postern/checkpoints/"
        let region = reader.text("region") ?? defaultRegion
        // General purpose bucket naming rules, and the characters that need no encoding in a key.
        if !name.isEmpty, !(3...63).contains(name.utf8.count) || !name.utf8.allSatisfy({ isName($0, or: "-.") }) {
            reader.report("bucket", "must be a bucket's name: 3 to 63 lower-case letters, digits, hyphens and dots")
        }
        if !prefix.hasSuffix("/") || prefix.hasPrefix("/") || prefix.utf8.count > 512
            || !prefix.utf8.allSatisfy({ isName($0 | 0x20, or: "-./_") || isName($0, or: "-./_") })
        {
            reader.report("prefix", "must be letters, digits and any of -._/ with a slash at its end")
        }
        if !region.utf8.allSatisfy({ isName($0, or: "-") }) { reader.report("region", "must be an AWS region") }
        return Bucket(name: name, prefix: prefix, region: region)
    }

    private static func isName(_ byte: UInt8, or others: String) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: others.utf8.contains(byte)
        }
    }
}
