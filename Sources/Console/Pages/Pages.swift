import Mustache

/// Turns view models into pages.
struct Pages: Sendable {
    /// The path of the console's URL, with a slash at its end.
    let base: String

    init(base: String) {
        self.base = base
    }

    /// What every page has around its own part.
    func frame(_ title: String, _ section: Frame.Section?, _ session: ConsoleSession?) -> Frame {
        Frame(title: title, base: base, section: section, session: session)
    }

    /// A whole page.
    func page(_ model: Any, _ template: String, status: Int = 200) -> ConsoleResponse {
        guard let html = html(model, template) else { return .empty(500) }
        return .page(html, status: status)
    }

    /// A part of a page as text.
    func html(_ model: Any, _ template: String) -> String? {
        Self.library.render(model, withTemplate: template)
    }

    /// One thing to say.
    func message(_ message: Message, _ session: ConsoleSession? = nil) -> ConsoleResponse {
        let model = MessagePage(frame: frame(message.title, nil, session), message: message)
        return page(model, "message", status: message.status)
    }

    /// Why there is no page.
    func refusal(_ error: RequestError) -> ConsoleResponse {
        message(.refused(error))
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
