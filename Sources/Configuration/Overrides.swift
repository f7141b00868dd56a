import Yams

/// Settings from environment variables, for containers: `POSTERN__AUDIT__DEADLINE=5s` stands for `audit: {deadline: 5s}`.
///
/// A name is the key's path in capitals, its parts joined by two underscores; a value is YAML, so that a list or a
/// mapping can be given as a whole (`POSTERN__POLICY='[/etc/postern/policy.yaml]'`). What a variable says is read by the
/// same rules as the file, and counts in its place. Secrets have no variable: the file has no key for one either.
struct Overrides {
    /// What the names begin with; the double underscore keeps them apart from the variables of scripts/stack.
    static let prefix = "POSTERN__"
    /// The longest value, in bytes.
    static let longestValue = 65_536

    /// The variables, a whole before its parts.
    private let variables: [(name: String, path: [String], text: String)]

    /// Takes the variables that are meant for Postern.
    init(environment: [String: String]) {
        variables = environment.filter { $0.key.hasPrefix(Self.prefix) }
            .map { name, text in
                let path = name.dropFirst(Self.prefix.count).lowercased().split(
                    separator: "__",
                    omittingEmptySubsequences: false
                )
                return (name, path.map(String.init), text)
            }
            .sorted { ($0.path.count, $0.name) < ($1.path.count, $1.name) }
    }

    var isEmpty: Bool { variables.isEmpty }

    /// Puts the values in the places of the file's; what cannot be placed is a mistake.
    func apply(to root: Node?, log: MistakeLog) -> Node? {
        var root = root
        for (name, path, text) in variables {
            guard name.utf8.allSatisfy(Self.isNameByte), !path.contains("") else {
                log.add("must be the path of a key in capitals, such as POSTERN__AUDIT__DEADLINE", of: name)
                continue
            }
            guard text.utf8.count <= Self.longestValue else {
                log.add("is longer than \(Self.longestValue) bytes", of: name)
                continue
            }
            do {
                guard let value = try Yams.compose(yaml: text) else {
                    log.add("is empty: leave it out for the default", of: name)
                    continue
                }
                guard let merged = Self.put(value, at: path[...], into: root) else {
                    log.add("names a key below one that is no mapping", of: name)
                    continue
                }
                root = merged
                log.note(path: path.joined(separator: "."), isGivenBy: name)
            } catch {
                log.add("is not YAML: \(error)", of: name)
            }
        }
        return root
    }

    /// `root` with `value` at the path; nil where a part of the path is no mapping.
    private static func put(_ value: Node, at path: ArraySlice<String>, into root: Node?) -> Node? {
        guard let key = path.first else { return value }
        let isAbsent = root?.isNull ?? true
        guard var mapping = isAbsent ? Node.Mapping([]) : root?.mapping else { return nil }
        guard let inner = put(value, at: path.dropFirst(), into: mapping[key]) else { return nil }
        mapping[key] = inner
        return .mapping(mapping)
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"): true
        default: false
        }
    }
}
