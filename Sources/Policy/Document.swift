import Yams

/// A place in the file that is being read.
struct DocumentMark: Sendable, Hashable {
    let line: Int
    let column: Int

    static let start = DocumentMark(line: 1, column: 1)
}

/// A YAML or JSON value with its place, reduced to what the policy grammar knows.
///
/// Anchors, aliases, tags, and keys that are not scalars are refused: what a reviewer reads is what applies.
struct Document: Sendable {
    /// One key of a mapping.
    struct Entry: Sendable {
        let key: String
        let mark: DocumentMark
        let value: Document
    }

    enum Content: Sendable {
        case null
        case scalar(String)
        case list([Document])
        case mapping([Entry])
    }

    /// Most bytes of one file.
    static let sizeLimit = 1 << 20
    /// Deepest nesting that is read; the grammar needs 7.
    static let depthLimit = 32
    /// Most values in one file.
    static let valueLimit = 100_000

    let content: Content
    let mark: DocumentMark

    /// What kind of value this is, in words.
    var kind: String {
        switch content {
        case .null: "nothing"
        case .scalar: "a single value"
        case .list: "a list"
        case .mapping: "a mapping"
        }
    }
}

extension Document {
    /// Parses one file; nil after a syntax error, which is then in `mistakes`.
    static func parse(_ text: String, mistakes: inout MistakeList) -> Document? {
        guard text.utf8.count <= sizeLimit else {
            mistakes.add("the file is longer than \(sizeLimit) bytes", at: .start)
            return nil
        }
        do {
            // Anchors live as long as their parser; the reader refuses nodes that have one.
            let parser = try Parser(yaml: text, resolver: .basic, encoding: .utf8)
            let root = try parser.singleRoot()
            return withExtendedLifetime(parser) {
                guard let root else {
                    mistakes.add("the file is empty", at: .start)
                    return nil
                }
                var reader = DocumentReader()
                return reader.read(root, depth: 0, mistakes: &mistakes)
            }
        } catch let error as YamlError {
            mistakes.add(error)
        } catch {
            mistakes.add("the file cannot be read as YAML", at: .start)
        }
        return nil
    }

    /// Takes over a value that another reader parsed with Yams; nil when it holds what a policy cannot.
    static func read(_ node: Node, mistakes: inout MistakeList) -> Document? {
        var reader = DocumentReader()
        return reader.read(node, depth: 0, mistakes: &mistakes)
    }
}

/// Turns Yams nodes into documents within the limits.
private struct DocumentReader {
    private var count = 0

    mutating func read(_ node: Node, depth: Int, mistakes: inout MistakeList) -> Document? {
        let mark = DocumentMark(node.mark)
        count += 1
        guard count <= Document.valueLimit else {
            if count == Document.valueLimit + 1 {
                mistakes.add("the file holds more than \(Document.valueLimit) values", at: mark)
            }
            return nil
        }
        guard depth <= Document.depthLimit else {
            mistakes.add("values are nested more than \(Document.depthLimit) deep", at: mark)
            return nil
        }
        if node.anchor != nil {
            mistakes.add(
                "anchors and aliases are not part of the policy grammar",
                at: mark,
                suggestion: "repeat the text"
            )
            return nil
        }
        switch node {
        case .scalar(let scalar):
            return read(scalar, mark: mark, mistakes: &mistakes)
        case .sequence(let sequence):
            var items: [Document] = []
            for item in sequence {
                guard let item = read(item, depth: depth + 1, mistakes: &mistakes) else { continue }
                items.append(item)
            }
            return Document(content: .list(items), mark: mark)
        case .mapping(let mapping):
            return read(mapping, mark: mark, depth: depth, mistakes: &mistakes)
        case .alias:
            mistakes.add(
                "anchors and aliases are not part of the policy grammar",
                at: mark,
                suggestion: "repeat the text"
            )
            return nil
        }
    }

    private func read(_ scalar: Node.Scalar, mark: DocumentMark, mistakes: inout MistakeList) -> Document? {
        let tag = scalar.tag.description
        guard tag.isEmpty || tag == "tag:yaml.org,2002:str" || tag == "!" else {
            mistakes.add("YAML tags are not part of the policy grammar", at: mark, suggestion: "remove \"\(tag)\"")
            return nil
        }
        if scalar.style == .plain, ["", "~", "null", "Null", "NULL"].contains(scalar.string) {
            return Document(content: .null, mark: mark)
        }
        return Document(content: .scalar(scalar.string), mark: mark)
    }

    private mutating func read(
        _ mapping: Node.Mapping,
        mark: DocumentMark,
        depth: Int,
        mistakes: inout MistakeList
    ) -> Document? {
        var entries: [Document.Entry] = []
        var seen: Set<String> = []
        for (key, value) in mapping {
            let keyMark = DocumentMark(key.mark)
            guard case .scalar(let scalar) = key else {
                mistakes.add("a key must be a single value", at: keyMark)
                continue
            }
            guard seen.insert(scalar.string).inserted else {
                mistakes.add("\"\(scalar.string)\" is given twice", at: keyMark)
                continue
            }
            guard let value = read(value, depth: depth + 1, mistakes: &mistakes) else { continue }
            entries.append(.init(key: scalar.string, mark: keyMark, value: value))
        }
        return Document(content: .mapping(entries), mark: mark)
    }
}

extension DocumentMark {
    fileprivate init(_ mark: Mark?) {
        self.init(line: mark?.line ?? 1, column: mark?.column ?? 1)
    }
}

extension MistakeList {
    fileprivate mutating func add(_ error: YamlError) {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            // A bare * starts an alias in YAML; it is the commonest slip in a policy.
            let starred = problem.contains("alphabetic or numeric") || problem.contains("alias")
            add(
                "YAML syntax: \(problem)",
                at: .init(mark),
                suggestion: starred ? "a value that starts with * must be quoted: \"*\"" : nil
            )
        case .duplicatedKeysInMapping(let duplicates, let context):
            let names = duplicates.map { "\"\($0)\"" }.joined(separator: ", ")
            add("\(names) is given twice", at: .init(context.mark))
        case .reader(let problem, _, _, _):
            add("YAML syntax: \(problem)", at: .start)
        default:
            add("the file cannot be read as YAML", at: .start)
        }
    }
}
