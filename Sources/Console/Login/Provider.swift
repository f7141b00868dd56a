import Foundation
import Identity
import OpenSSL
import Synchronization

/// The OpenID provider that approvers log in at: its metadata and its token endpoint.
final class Provider: Sendable {
    /// Seconds for which metadata is believed.
    private static let metadataLasts: Int64 = 600
    private let settings: IssuerSettings
    private let clientID: String
    private let clientSecret: SecretBytes?
    private let fetch: Fetch
    private let known = Mutex<(metadata: ProviderMetadata, at: UnixTime)?>(nil)

    init(_ settings: IssuerSettings, clientID: String, clientSecret: SecretBytes?, fetch: @escaping Fetch) {
        self.settings = settings
        self.clientID = clientID
        self.clientSecret = clientSecret
        self.fetch = fetch
    }

    /// The issuer, as its answers must name it.
    var issuer: IssuerURL { settings.url }

    /// The metadata, at most ten minutes old.
    func metadata(at now: UnixTime) throws(LoginError) -> ProviderMetadata {
        if let known = known.withLock({ $0 }), (0..<Self.metadataLasts).contains(now.since(known.at)) {
            return known.metadata
        }
        let metadata: ProviderMetadata
        do throws(KeySetFetchError) {
            metadata = try settings.fetchMetadata(fetch)
        } catch {
            throw .providerUnavailable
        }
        known.withLock { $0 = (metadata, now) }
        return metadata
    }

    /// Exchanges a code for an ID token (RFC 6749 section 4.1.3, RFC 7636 section 4.5).
    func redeem(code: String, verifier: String, redirectURI: String, at now: UnixTime) throws(LoginError) -> [UInt8] {
        guard let endpoint = try metadata(at: now).tokenEndpoint else { throw .providerUnavailable }
        let document: FetchedDocument
        do throws(FetchError) {
            document = try fetch(request(to: endpoint.text, code: code, verifier: verifier, redirectURI: redirectURI))
        } catch {
            throw .providerUnavailable
        }
        struct Answer: Decodable {
            let id_token: String
        }
        guard document.status == 200 else { throw .codeRefused(status: document.status) }
        guard let answer = try? JSONDecoder().decode(Answer.self, from: Data(document.body)) else {
            throw .providerUnavailable
        }
        return Array(answer.id_token.utf8)
    }

    private func request(to endpoint: String, code: String, verifier: String, redirectURI: String) -> FetchRequest {
        var form: [(name: String, value: String)] = [
            ("grant_type", "authorization_code"), ("code", code), ("redirect_uri", redirectURI),
            ("code_verifier", verifier),
        ]
        var headers = [
            FetchRequest.Header("Accept", "application/json"),
            FetchRequest.Header("Content-Type", "application/x-www-form-urlencoded"),
        ]
        if let clientSecret {
            // Section 2.3.1: both halves are form-encoded before they are joined.
            let secret = clientSecret.withSpan { span in
                FormFields.encode(String(decoding: span.indices.map { span[$0] }, as: UTF8.self))
            }
            let pair = Base64.encode(Array("\(FormFields.encode(clientID)):\(secret)".utf8))
            headers.append(FetchRequest.Header("Authorization", "Basic \(pair)"))
        } else {
            form.append(("client_id", clientID))
        }
        return FetchRequest(
            method: "POST",
            url: endpoint,
            headers: headers,
            body: Array(FormFields.encode(form).utf8),
            maximumBytes: 65_536
        )
    }
}
