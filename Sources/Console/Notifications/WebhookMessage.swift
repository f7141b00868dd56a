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
        switch event {
        case "pending": "\(requester) asks: \(summary). Decide until \(expires): \(link)"
        default: "\(event): \(summary), asked by \(requester). \(link)"
        }
    }

    /// The JSON document of a form; Slack and Teams show what is in `text`.
    func body(_ form: Settings.Webhook.Form) -> String {
        switch form {
        case .slack, .teams:
            return "{\"text\":\(Self.quoted(text))}"
        case .json:
            let fields = [
                ("event", event), ("approval", approval), ("operation", operation), ("requester", requester),
                ("summary", summary), ("expires", expires), ("link", link), ("text", text),
            ]
            return "{" + fields.map { "\(Self.quoted($0.0)):\(Self.quoted($0.1))" }.joined(separator: ",") + "}"
        }
    }

    /// The value of `X-Postern-Signature`: HMAC-SHA256 over `timestamp.body`, so that neither can be changed or replayed.
    static func signature(secret: SecretBytes, timestamp: String, body: String) -> String {
        "v1=" + HMACSHA256.authenticate(key: secret, message: Array("\(timestamp).\(body)".utf8).span).hex
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case _ where scalar.value < 0x20:
                result += "\\u00" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
