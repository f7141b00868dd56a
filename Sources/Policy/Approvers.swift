/// Who may decide on a call: groups (`oidc:groups`) or conditions on the approver's claims.
///
/// Within one statement any entry suffices; when several statements ask, each of them must be satisfied.
public struct Approvers: Sendable {
    private enum Entry: Sendable {
        case group(String)
        case condition(ConditionBlock)

        func admits(_ context: PolicyContext, groups: ContextValue) -> Bool {
            switch self {
            case .group(let name):
                guard case .values(let groups) = groups else { return false }
                return groups.contains(name)
            case .condition(let block): return block.matches(context)
            }
        }

        var json: String {
            switch self {
            case .group(let name): Document.quoted(name)
            case .condition(let block): block.text
            }
        }
    }

    /// One list of alternatives for each statement that named any.
    private var lists: [[Entry]]

    /// Nobody in particular: whoever the configuration lets approve.
    public init() {
        lists = []
    }

    /// Whether no statement named any.
    public var isEmpty: Bool { lists.isEmpty }

    /// Whether a person with these claims may decide.
    ///
    /// `isStandard` says whether the configuration lets them, which counts when no statement named anybody.
    public func admits(_ context: PolicyContext, isStandard: Bool) -> Bool {
        if isEmpty { return isStandard }
        guard let key = ConditionKey("oidc:groups") else { return false }
        let groups = context.value(of: key)
        return lists.allSatisfy { list in list.contains { $0.admits(context, groups: groups) } }
    }

    /// Those who satisfy both.
    public func joined(with other: Approvers) -> Approvers {
        var result = self
        let known = Set(lists.map(Self.json))
        result.lists += other.lists.filter { !known.contains(Self.json($0)) }
        return result
    }

    /// A list of lists as JSON, to be stored with a request and read again by `init(parsing:)`.
    public var text: String { "[" + lists.map(Self.json).joined(separator: ",") + "]" }

    /// Reads what `text` wrote.
    public init(parsing text: String) throws(PolicyErrors) {
        var mistakes = MistakeList(file: "approvers")
        lists = []
        if let document = Document.parse(text, mistakes: &mistakes) {
            if case .list(let items) = document.content {
                lists = items.map { Self.entries($0, mistakes: &mistakes) }
            } else {
                mistakes.add("stored approvers must be a list of lists", at: document.mark)
            }
        }
        guard mistakes.mistakes.isEmpty else { throw PolicyErrors(mistakes: mistakes.mistakes) }
    }

    /// Reads the `Approvers` of one statement.
    init(_ document: Document, mistakes: inout MistakeList) {
        lists = [Self.entries(document, mistakes: &mistakes)]
    }

    private static func entries(_ document: Document, mistakes: inout MistakeList) -> [Entry] {
        let items: [Document]
        switch document.content {
        case .list(let list): items = list
        case .scalar, .mapping: items = [document]
        case .null: items = []
        }
        if items.isEmpty {
            mistakes.add(
                "Approvers is empty, so that nobody could decide",
                at: document.mark,
                suggestion: "leave it out for the configuration's approvers"
            )
        }
        return items.compactMap { item in
            switch item.content {
            case .scalar(let group): return .group(group)
            case .mapping: return .condition(ConditionBlock(item, mistakes: &mistakes))
            case .null, .list:
                mistakes.add("an approver is a group or a condition, not \(item.kind)", at: item.mark)
                return nil
            }
        }
    }

    private static func json(_ list: [Entry]) -> String {
        "[" + list.map(\.json).joined(separator: ",") + "]"
    }
}
