import Configuration
import Foundation
import OpenSSL
import Testing

@testable import Console

@Suite("Webhook message")
struct WebhookMessageTests {
    private func message(_ summary: String, event: String = "pending") -> WebhookMessage {
        WebhookMessage(
            event: event,
            approval: "01a20e2a-d25d-769f-9b3b-68dd1032dcbf",
            operation: "ssm.PutParameter",
            requester: "agent",
            summary: summary,
            expires: "2026-11-24T15:41:57Z",
            link: "https://g/approvals/1"
        )
    }

    @Test("Says in one sentence who asks for what, until when and where to decide")
    func saysAll() {
        let text = "{\"text\":\"agent asks: put it. Decide until 2026-11-24T15:41:57Z: https://g/approvals/1\"}"
        #expect(message("put it").body(.slack) == text)
    }

    @Test("Teams gets one Adaptive Card with the sentence and the way to the page", arguments: ["put it", "a\"b\\"])
    func card(_ summary: String) throws {
        let document = try JSONSerialization.jsonObject(with: Data(message(summary).body(.teams).utf8))
        let attachment = try #require(((document as? [String: Any])?["attachments"] as? [[String: Any]])?.first)
        #expect(attachment["contentType"] as? String == "application/vnd.microsoft.card.adaptive")
        let card = try #require(attachment["content"] as? [String: Any])
        let block = try #require((card["body"] as? [[String: Any]])?.first)
        let run = try #require((block["inlines"] as? [[String: Any]])?.first)
        #expect((run["text"] as? String)?.hasPrefix("agent asks: \(summary). Decide until") == true)
        let action = try #require((card["actions"] as? [[String: Any]])?.first)
        #expect(action["url"] as? String == "https://g/approvals/1")
    }

    @Test("Text of the agent calls nobody in a chat, and does not turn it around")
    func isHarmlessInChats() {
        let text = message("<!channel> <https://evil|good> & \u{202E}x\n").body(.slack)
        #expect(
            text.contains(
                "&lt;!channel&gt; &lt;https://evil|good&gt; &amp; \u{27E8}U+202E\u{27E9}x\u{27E8}U+000A\u{27E9}"
            )
        )
    }

    @Test("Text of the agent cannot leave its JSON string", arguments: ["a\"b", "a\\b", "a\nb", "\u{0}", "</script>"])
    func escapes(_ summary: String) {
        let body = message(summary).body(.json)
        #expect(!body.utf8.contains { $0 < 0x20 })
        #expect(body.hasPrefix("{\"event\":\"pending\",") && body.hasSuffix("\"}"))
        #expect(!body.contains("a\"b"))
    }

    @Test("Signs timestamp and body together")
    func signs() {
        let secret = SecretBytes(Array("key".utf8))
        let signature = WebhookMessage.signature(secret: secret, timestamp: "1", body: "{}")
        #expect(signature.hasPrefix("v1="))
        #expect(signature.utf8.count == 67)
        #expect(signature != WebhookMessage.signature(secret: secret, timestamp: "2", body: "{}"))
        #expect(signature != WebhookMessage.signature(secret: secret, timestamp: "1", body: "{ }"))
    }
}
