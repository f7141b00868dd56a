/// What every page has around its own part.
struct Frame {
    /// The sections of the navigation.
    enum Section {
        case pending
        case history
        case calls
    }

    let title: String
    let base: String
    let style = Assets.style
    let script = Assets.script
    let icon = Assets.icon
    let isPending: Bool
    let isHistory: Bool
    let isCalls: Bool
    let person: Person?

    /// Who looks at the page.
    struct Person {
        let personName: String
        let logoutToken: String
    }

    init(title: String, base: String, section: Section?, session: ConsoleSession?) {
        self.title = title
        self.base = base
        isPending = section == .pending
        isHistory = section == .history
        isCalls = section == .calls
        person = session.map {
            Person(personName: $0.name, logoutToken: $0.token.formToken(for: Route.logout.path))
        }
    }
}

/// A page that says one thing.
struct MessagePage {
    let frame: Frame
    let message: Message
}

/// One thing to say: what happened, and what to do.
struct Message {
    let status: Int
    let title: String
    let text: String
    /// What the link says that leads on; nil where there is none.
    let link: String?
    /// Where it leads, below the console's URL.
    var linkPath = ""

    static let signedOut = Message(
        status: 200,
        title: "Signed out",
        text: "Your session has ended. The identity provider may still know you.",
        link: "Sign in",
        linkPath: Route.login.path
    )

    static let unavailable = Message(
        status: 503,
        title: "Not available",
        text: "The database cannot be reached at the moment. Nothing was decided. Try again in a minute.",
        link: "Try again"
    )

    static let unknownOutcome = Message(
        status: 503,
        title: "Not known",
        text:
            "The database did not answer in time: it is not known whether your decision counted. Look at the request.",
        link: "To the start"
    )

    static let notForYou = Message(
        status: 403,
        title: "Not for you",
        text: "You are signed in, but this is for approvers.",
        link: "To the start"
    )

    static let noSuchRequest = Message(
        status: 404,
        title: "Not found",
        text: "There is no such request, or it is not for you to see.",
        link: "To the start"
    )

    static func loginFailed(_ error: LoginError) -> Message {
        Message(
            status: error == .providerUnavailable ? 503 : 403,
            title: "Not signed in",
            text: error.message,
            link: "Sign in again",
            linkPath: Route.login.path
        )
    }

    static func refused(_ error: RequestError) -> Message {
        switch error {
        case .notFound: Message(status: 404, title: "Not found", text: "There is no such page.", link: "To the start")
        case .methodNotAllowed:
            Message(status: 405, title: "Not allowed", text: "This page does not take that.", link: "To the start")
        case .malformed:
            Message(status: 400, title: "Not understood", text: "The request is malformed.", link: "To the start")
        case .tooLarge:
            Message(status: 413, title: "Too long", text: "What was sent is too long.", link: "To the start")
        case .foreign:
            Message(
                status: 403,
                title: "Refused",
                text: "This was not sent by a page of yours, or the page is out of date. Nothing was decided.",
                link: "To the start"
            )
        }
    }
}
