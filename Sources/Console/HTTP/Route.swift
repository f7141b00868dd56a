import Approvals

/// The console's pages by their exact paths below its URL.
enum Route: Sendable, Equatable {
    /// What waits for a decision; the front page.
    case pending
    /// The list of the front page alone, which the script replaces.
    case pendingList
    /// One approval; a POST decides.
    case approval(ApprovalID)
    /// Where one approval stands, which the script replaces.
    case approvalState(ApprovalID)
    case history
    case calls
    /// One call or refusal of the audit; its id has the form of an approval's.
    case call(ApprovalID)
    case login
    case callback
    case logout
    case signedOut
    case asset(String)

    /// Reads a path relative to the console's URL; nil for everything that is not exactly one of them.
    init?(path: String) {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        let id = parts.count > 1 ? ApprovalID(parsing: parts[1]).flatMap { $0.text == parts[1] ? $0 : nil } : nil
        switch (parts.count, parts[0]) {
        case (1, ""): self = .pending
        case (1, "pending"): self = .pendingList
        case (1, "history"): self = .history
        case (1, "calls"): self = .calls
        case (1, "login"): self = .login
        case (1, "callback"): self = .callback
        case (1, "logout"): self = .logout
        case (1, "signed-out"): self = .signedOut
        case (2, "approvals"):
            guard let id else { return nil }
            self = .approval(id)
        case (3, "approvals"):
            guard let id, parts[2] == "state" else { return nil }
            self = .approvalState(id)
        case (2, "calls"):
            guard let id else { return nil }
            self = .call(id)
        case (2, "assets"):
            guard Assets.all[String(parts[1])] != nil else { return nil }
            self = .asset(String(parts[1]))
        default: return nil
        }
    }

    /// The path that `init(path:)` reads.
    var path: String {
        switch self {
        case .pending: ""
        case .pendingList: "pending"
        case .approval(let id): "approvals/\(id)"
        case .approvalState(let id): "approvals/\(id)/state"
        case .history: "history"
        case .calls: "calls"
        case .call(let id): "calls/\(id)"
        case .login: "login"
        case .callback: "callback"
        case .logout: "logout"
        case .signedOut: "signed-out"
        case .asset(let name): "assets/\(name)"
        }
    }

    /// Whether the path answers this method.
    func takes(_ method: ConsoleRequest.Method) -> Bool {
        switch self {
        case .logout: method == .post
        case .approval: true
        default: method == .get
        }
    }

    /// Whether it is a page, to which a person who logs in may be sent afterwards.
    var isPage: Bool {
        switch self {
        case .pending, .approval, .history, .calls, .call: true
        default: false
        }
    }

    /// Whether it is for the pages' own script.
    var isFragment: Bool {
        switch self {
        case .pendingList, .approvalState: true
        default: false
        }
    }
}
