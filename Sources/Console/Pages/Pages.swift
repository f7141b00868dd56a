import Mustache

/// Turns view models into pages.
struct Pages: Sendable {
    private let library: MustacheLibrary
    private let basePath: String

    init(basePath: String) {
        self.basePath = basePath
        library = Self.library
    }

    /// What waits for a decision.
    func pending(_ session: ConsoleSession) -> ConsoleResponse {
        render(PendingPage(frame: frame("Pending", .pending, session)), with: "pending")
    }

    /// One thing to say.
    func message(_ message: Message) -> ConsoleResponse {
        let frame = Frame(title: message.title, base: basePath, section: nil, session: nil)
        return render(MessagePage(frame: frame, message: message), with: "message", status: message.status)
    }

    /// Why there is no page.
    func refusal(_ error: RequestError) -> ConsoleResponse {
        message(.refused(error))
    }

    private func frame(_ title: String, _ section: Frame.Section, _ session: ConsoleSession) -> Frame {
        Frame(title: title, base: basePath, section: section, session: session)
    }

    private func render(_ model: Any, with template: String, status: Int = 200) -> ConsoleResponse {
        guard let html = library.render(model, withTemplate: template) else { return .empty(500) }
        return .page(html, status: status)
    }

    /// Parsed once; a template that does not parse is found by any test.
    private static let library: MustacheLibrary = {
        MustacheContentTypes.register(StrictHTML(), named: StrictHTML.name)
        var library = MustacheLibrary()
        for (name, text) in Templates.all {
            guard let template = try? MustacheTemplate(string: "{{% CONTENT_TYPE:\(StrictHTML.name)}}\n" + text) else {
                preconditionFailure("the template \(name) does not parse")
            }
            library.register(template, named: name)
        }
        return library
    }()
}
