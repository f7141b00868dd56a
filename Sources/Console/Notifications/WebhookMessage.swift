import Configuration
import OpenSSL

/// What a webhook is told of one approval.
struct WebhookMessage {
    /// `pending`, `approved`, `denied`, `expired` or `cancelled`.
    let event: String
    /// The approval's id.
    let approval: String
    /// `service.Operation`.
    let operation: String
    /// The subject that asks.
    let requester: String
    /// The call in words.
    let summary: String
    /// Until when it can be decided: ISO 8601, UTC.
    let expires: String
    /// The approval's page.
    let link: String

    /// One sentence for people.
    var text: String {
        // Both come from whoever can make a resource or a token.
        let (requester, summary) = (StrictHTML.visible(requester), StrictHTML.visible(summary))
        return switch event {
        case "pending": "\(requester) asks: \(summary). Decide until \(expires): \(link)"
        default: "\(event): \(summary), asked by \(requester). \(link)"
        }
    }

    /// The JSON document of a form; Slack shows what is in `text`, Teams a card.
    func body(_ form: Settings.Webhook.Form) -> String {
        switch form {
        case .teams:
            // What a workflow's "When a Teams webhook request is received" takes: one Adaptive Card.
            // A TextBlock would read Markdown, and show an agent's link as something else.
            let run = #"{"type":"TextRun","text":"# + JSONText.quoted(text) + "}"
            let block = #"{"type":"RichTextBlock","inlines":["# + run + "]}"
            let open = #"{"type":"Action.OpenUrl","title":"Open","url":"# + JSONText.quoted(link) + "}"
            let card = #"{"type":"AdaptiveCard","version":"1.4","body":["# + block + #"],"actions":["# + open + "]}"
            let attachment = #"{"contentType":"application/vnd.microsoft.card.adaptive","content":"# + card + "}"
            return #"{"type":"message","attachments":["# + attachment + "]}"
        case .slack:
            // Slack's own markup begins with <, so that nobody is called who is not meant ("Formatting text", Escaping).
            let escaped = text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
            return "{\"text\":\(JSONText.quoted(escaped))}"
        case .json:
            let fields = [
                ("event", event), ("approval", approval), ("operation", operation), ("requester", requester),
                ("summary", summary), ("expires", expires), ("link", link), ("text", text),
            ]
            return "{" + fields.map { "\(JSONText.quoted($0.0)):\(JSONText.quoted($0.1))" }.joined(separator: ",") + "}"
        }
    }

    /// The value of `X-Postern-Signature`: HMAC-SHA256 over `timestamp.body`, so that neither can be changed or replayed.
    static func signature(secret: SecretBytes, timestamp: String, body: String) -> String {
        "v1=" + HMACSHA256.authenticate(key: secret, message: Array("\(timestamp).\(body)".utf8).span).hex
    }
}
