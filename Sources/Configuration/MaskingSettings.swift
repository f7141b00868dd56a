import Yams

/// A masking profile as it is written; what its names mean is `Masking`'s to say, by their lines.
public struct MaskingSettings: Sendable, Equatable {
    /// Something written, and where.
    public struct Written<Value: Sendable>: Sendable {
        /// What.
        public var value: Value
        /// The line, from 1.
        public var line: Int
    }

    /// A detector or a group of them, by name.
    public struct Switch: Sendable, Equatable {
        /// The name.
        public var name: String
        /// Whether it is on.
        public var isOn: Bool
    }

    /// Members, by operation and path.
    public struct Member: Sendable, Equatable {
        /// `service.Operation` or `service.*`.
        public var operation: String
        /// Names joined by `/`, `*` for any one.
        public var path: String
    }

    /// A detector of the site's own.
    public struct Detector: Sendable, Equatable {
        /// What findings are called.
        public var type: String
        /// A regular expression.
        public var pattern: String
        /// The name of what a match must pass; nil for nothing.
        public var validator: String?
        /// Bits a byte that a match has at least.
        public var entropy: Double
        /// Words near a match.
        public var context: [String]
        /// Texts in which it must find something.
        public var masks: [String]
        /// Texts in which it must find nothing.
        public var keeps: [String]
    }

    /// What becomes of something.
    public enum Treatment: String, Sendable, CaseIterable {
        /// It passes.
        case pass
        /// A person is asked.
        case ask
        /// It is refused.
        case deny
    }

    /// The file, for messages.
    public var file = ""
    /// Its first line.
    public var line = 0
    /// What is turned on and off, in order.
    public var detectors: [Written<Switch>] = []
    /// Members that are masked besides the built-in ones.
    public var members: [Written<Member>] = []
    /// Members that are left alone.
    public var excepted: [Written<Member>] = []
    /// Detectors of the site's own.
    public var own: [Written<Detector>] = []
    /// What becomes of bodies that cannot be read; never `ask`.
    public var unreadable = Treatment.pass
    /// What becomes of calls that send a secret away.
    public var requests = Treatment.pass

    /// The profile that applies where nobody wrote one.
    public init() {}

    /// Reads the text of one profile by itself; `file` is its name in messages.
    ///
    /// - Throws: every mistake at once.
    public init(parsing text: String, file: String) throws(ConfigurationErrors) {
        let log = MistakeLog(file: file)
        var root: Node?
        do {
            root = try Yams.compose(yaml: text)
        } catch {
            log.add("not YAML: \(error)", line: 0)
        }
        self.init(MappingReader(root, path: "", log: log), log: log)
        guard log.mistakes.isEmpty else { throw ConfigurationErrors(mistakes: log.mistakes) }
    }

    /// Reads `masking`: profiles by name; `default` is always among them.
    static func profiles(_ reader: MappingReader, log: MistakeLog) -> [String: MaskingSettings] {
        var standard = MaskingSettings()
        standard.file = log.file
        var profiles = ["default": standard]
        let named = reader.mapping("profiles")
        for name in named.names { profiles[name] = MaskingSettings(named.mapping(name), log: log) }
        named.finish()
        reader.finish()
        return profiles
    }

    private init(_ reader: MappingReader, log: MistakeLog) {
        defer { reader.finish() }
        file = log.file
        line = reader.line
        let switches = reader.mapping("detectors")
        detectors = switches.names.map { name in
            Written(value: Switch(name: name, isOn: switches.isOn(name)), line: switches.line(of: name))
        }
        switches.finish()
        members = Self.members(reader, "members", log: log)
        excepted = Self.members(reader, "excepted", log: log)
        own = reader.list("own").map { node in
            let entry = MappingReader(node, path: "own", log: log)
            defer { entry.finish() }
            let tests = entry.mapping("tests")
            defer { tests.finish() }
            let detector = Detector(
                type: entry.required("type", hint: "what findings are called"),
                pattern: entry.required("pattern", hint: "a regular expression"),
                validator: entry.text("validator"),
                entropy: entry.decimal("entropy", default: 0, in: 0...8),
                context: entry.texts("context") ?? [],
                masks: tests.texts("masks") ?? [],
                keeps: tests.texts("keeps") ?? []
            )
            if detector.masks.isEmpty { entry.report("tests", "needs masks: a text in which the pattern matches") }
            return Written(value: detector, line: node.mark?.line ?? 0)
        }
        unreadable = Self.treatment(reader, "unreadable", of: [.pass, .deny])
        requests = Self.treatment(reader, "requests", of: Treatment.allCases)
    }

    private static func members(_ reader: MappingReader, _ key: String, log: MistakeLog) -> [Written<Member>] {
        reader.list(key).map { node in
            let entry = MappingReader(node, path: key, log: log)
            defer { entry.finish() }
            let member = Member(
                operation: entry.required("operation", hint: "such as dynamodb.GetItem, or dynamodb.*"),
                path: entry.required("path", hint: "names joined by /, such as Item/*/S")
            )
            return Written(value: member, line: node.mark?.line ?? 0)
        }
    }

    private static func treatment(_ reader: MappingReader, _ key: String, of allowed: [Treatment]) -> Treatment {
        guard let text = reader.text(key) else { return .pass }
        guard let treatment = Treatment(rawValue: text), allowed.contains(treatment) else {
            reader.report(key, "must be \(allowed.map(\.rawValue).joined(separator: " or "))")
            return .pass
        }
        return treatment
    }
}

extension MaskingSettings {
    /// Whether two profiles say the same, wherever they stand.
    public static func == (one: MaskingSettings, other: MaskingSettings) -> Bool {
        one.detectors.map(\.value) == other.detectors.map(\.value)
            && one.members.map(\.value) == other.members.map(\.value)
            && one.excepted.map(\.value) == other.excepted.map(\.value)
            && one.own.map(\.value) == other.own.map(\.value)
            && one.unreadable == other.unreadable && one.requests == other.requests
    }
}
