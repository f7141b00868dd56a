/// The console's pages by their exact paths below its URL.
enum Route: Sendable, Equatable {
    /// What waits for a decision; the front page.
    case pending
    /// The list of the front page alone, which the script replaces.
    case pendingFragment
    case login
    case callback
    case logout
    case signedOut
    case asset(String)

    /// Reads a path relative to the console's URL; nil for everything that is not exactly one of them.
    init?(path: String) {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        switch parts {
        case [""]: self = .pending
        case ["pending"]: self = .pendingFragment
        case ["login"]: self = .login
        case ["callback"]: self = .callback
        case ["logout"]: self = .logout
        case ["signed-out"]: self = .signedOut
        default:
            guard parts.count == 2, parts[0] == "assets", Assets.all[parts[1]] != nil else { return nil }
            self = .asset(parts[1])
        }
    }

    /// The path that `init(path:)` reads.
    var path: String {
        switch self {
        case .pending: ""
        case .pendingFragment: "pending"
        case .login: "login"
        case .callback: "callback"
        case .logout: "logout"
        case .signedOut: "signed-out"
        case .asset(let name): "assets/" + name
        }
    }

    /// Whether the path answers this method.
    func takes(_ method: ConsoleRequest.Method) -> Bool {
        switch self {
        case .logout: method == .post
        default: method == .get
        }
    }

    /// Whether a person who logs in may be sent here afterwards.
    var isPage: Bool {
        switch self {
        case .pending: true
        default: false
        }
    }
}
