import Yams

/// Reads one YAML mapping strictly: each value once, by type, with a default or not; what nobody asked for is a mistake.
///
/// Mistakes are collected, so that all of them are reported at once; a reader of a missing mapping gives defaults.
final class MappingReader {
    private let log: MistakeLog
    private let path: String
    /// Where the mapping begins.
    let line: Int
    private var entries: [(key: String, value: Node)] = []
    private var asked: Set<String> = []

    init(_ node: Node?, path: String, log: MistakeLog) {
        self.log = log
        self.path = path
        line = node?.mark?.line ?? 0
        guard let node, !node.isNull else { return }
        guard let mapping = node.mapping else {
            log.add("\(path) must be a mapping", at: node)
            return
        }
        for (key, value) in mapping {
            guard let name = key.string else {
                log.add("a key of \(path) must be text", at: key)
                continue
            }
            if entries.contains(where: { $0.key == name }) { log.add("\(name) is given twice", at: key) }
            entries.append((name, value))
        }
    }

    /// All keys, in order.
    var names: [String] { entries.map(\.key) }

    func node(_ key: String) -> Node? {
        asked.insert(key)
        return entries.first { $0.key == key }?.value
    }

    func mapping(_ key: String) -> MappingReader {
        MappingReader(node(key), path: full(key), log: log)
    }

    func list(_ key: String) -> [Node] {
        guard let node = node(key), !node.isNull else { return [] }
        guard let sequence = node.sequence else {
            log.add("\(full(key)) must be a list", at: node)
            return []
        }
        return Array(sequence)
    }

    func texts(_ key: String) -> [String]? {
        guard node(key) != nil else { return nil }
        return list(key).compactMap { node in
            if node.scalar == nil { log.add("an item of \(full(key)) must be text", at: node) }
            return node.scalar?.string
        }
    }

    func text(_ key: String) -> String? {
        guard let node = node(key), !node.isNull else { return nil }
        guard let text = node.scalar?.string, !text.isEmpty else {
            log.add("\(full(key)) must be text", at: node)
            return nil
        }
        return text
    }

    func required(_ key: String, hint: String) -> String {
        if node(key) == nil || node(key)?.isNull == true { log.add("\(full(key)) is missing: \(hint)", line: line) }
        return text(key) ?? ""
    }

    func integer(_ key: String, default value: Int, in range: ClosedRange<Int>) -> Int {
        guard let node = node(key), !node.isNull else { return value }
        guard let number = node.scalar.flatMap({ Int($0.string) }), range.contains(number) else {
            log.add("\(full(key)) must be a number from \(range.lowerBound) to \(range.upperBound)", at: node)
            return value
        }
        return number
    }

    func boolean(_ key: String, default value: Bool) -> Bool {
        guard let node = node(key), !node.isNull else { return value }
        switch node.scalar?.string {
        case "true": return true
        case "false": return false
        default:
            log.add("\(full(key)) must be true or false", at: node)
            return value
        }
    }

    func decimal(_ key: String, default value: Double, in range: ClosedRange<Double>) -> Double {
        guard let node = node(key), !node.isNull else { return value }
        guard let number = node.scalar.flatMap({ Double($0.string) }), range.contains(number) else {
            log.add("\(full(key)) must be a number from \(range.lowerBound) to \(range.upperBound)", at: node)
            return value
        }
        return number
    }

    /// `on` or `off`.
    func isOn(_ key: String) -> Bool {
        guard let node = node(key) else { return true }
        switch node.scalar?.string {
        case "on", "true": return true
        case "off", "false": return false
        default:
            log.add("\(full(key)) must be on or off", at: node)
            return true
        }
    }

    /// The line of a key's value.
    func line(of key: String) -> Int { node(key)?.mark?.line ?? line }

    /// Seconds, written as `30s`, `15m`, `1h` or `7d`.
    func seconds(_ key: String, default value: Int, in range: ClosedRange<Int>) -> Int {
        guard let node = node(key), !node.isNull else { return value }
        guard let text = node.scalar?.string, let seconds = Duration.seconds(parsing: text), range.contains(seconds)
        else {
            log.add(
                "\(full(key)) must be a time such as 30s, 15m or 1h, from \(range.lowerBound)s to \(range.upperBound)s",
                at: node
            )
            return value
        }
        return seconds
    }

    /// Permission bits, written in octal as text: `"0660"`.
    func mode(_ key: String, default value: UInt32) -> UInt32 {
        guard let node = node(key), !node.isNull else { return value }
        guard let mode = node.scalar.flatMap({ UInt32($0.string, radix: 8) }), mode <= 0o777, mode & 0o007 == 0 else {
            log.add("\(full(key)) must be octal permission bits that shut out others, such as \"0660\"", at: node)
            return value
        }
        return mode
    }

    /// Reports every key that was not asked for, with the nearest one that exists.
    func finish() {
        for entry in entries where !asked.contains(entry.key) {
            let near = asked.min { $0.distance(to: entry.key) < $1.distance(to: entry.key) }
            let hint = near.flatMap { $0.distance(to: entry.key) <= 3 ? "; did you mean \($0)?" : nil } ?? ""
            log.add("\(full(entry.key)) is not known\(hint)", at: entry.value)
        }
    }

    func report(_ key: String, _ message: String) {
        let node = entries.first { $0.key == key }?.value
        log.add("\(full(key)) \(message)", line: node?.mark?.line ?? line)
    }

    private func full(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }
}

/// The mistakes found so far in one file and in the variables that stand in for parts of it.
final class MistakeLog {
    let file: String
    private(set) var mistakes: [ConfigurationMistake] = []
    /// Paths of keys, and the variables that gave them.
    private var variables: [String: String] = [:]

    init(file: String) {
        self.file = file
    }

    func add(_ message: String, at node: Node) {
        add(message, line: node.mark?.line ?? 0)
    }

    /// `message` begins with the path of the key, so that it is told of the variable that gave it, if one did.
    func add(_ message: String, line: Int) {
        let path = message.prefix { $0 != " " && $0 != ":" }
        let variable = variables.filter { path == $0.key || path.hasPrefix($0.key + ".") }
            .max { $0.key.count < $1.key.count }?.value
        mistakes.append(
            ConfigurationMistake(file: variable ?? file, line: variable == nil ? line : 0, message: message)
        )
    }

    /// A mistake of a variable itself.
    func add(_ message: String, of variable: String) {
        mistakes.append(ConfigurationMistake(file: variable, line: 0, message: message))
    }

    /// A variable gave the value at `path`.
    func note(path: String, isGivenBy variable: String) {
        variables[path] = variable
    }
}

extension Node {
    var isNull: Bool { scalar.map { $0.style == .plain && ["", "~", "null"].contains($0.string) } ?? false }
}

extension Duration {
    /// Reads a whole number with a unit: `s`, `m`, `h` or `d`.
    static func seconds(parsing text: String) -> Int? {
        let factors: [Character: Int] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400]
        guard let unit = text.last, let factor = factors[unit], let count = Int(text.dropLast()), count >= 0 else {
            return nil
        }
        let (seconds, overflow) = count.multipliedReportingOverflow(by: factor)
        return overflow ? nil : seconds
    }
}

extension String {
    /// Levenshtein's distance, for suggestions.
    func distance(to other: String) -> Int {
        let target = Array(other.utf8)
        var row = Array(0...target.count)
        for (index, byte) in utf8.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for column in target.indices {
                let change = diagonal + (byte == target[column] ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = Swift.min(change, row[column] + 1, diagonal + 1)
            }
        }
        return row[target.count]
    }
}
