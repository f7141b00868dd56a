import Foundation
import Identity
import OpenSSL
import Synchronization

/// The OpenID provider that approvers log in at: its metadata and its token endpoint.
final class Provider: Sendable {
    /// What of the metadata counts here (OpenID Connect Discovery 1.0, section 3).
    struct Metadata: Sendable, Equatable {
        let authorizationEndpoint: String
        let tokenEndpoint: String
        /// Scopes that it knows; nil where it does not say.
        let scopes: [String]?
        /// Whether each of its answers names it (RFC 9207).
        let namesItself: Bool
    }

    /// Seconds for which metadata is believed.
    private static let metadataLasts: Int64 = 600
    let issuer: IssuerURL
    private let clientID: String
    private let clientSecret: SecretBytes?
    private let fetch: Fetch
    private let known = Mutex<(metadata: Metadata, at: UnixTime)?>(nil)

    init(issuer: IssuerURL, clientID: String, clientSecret: SecretBytes?, fetch: @escaping Fetch) {
        self.issuer = issuer
        self.clientID = clientID
        self.clientSecret = clientSecret
        self.fetch = fetch
    }

    /// The metadata, at most ten minutes old.
    func metadata(at now: UnixTime) throws(LoginError) -> Metadata {
        if let known = known.withLock({ $0 }), (0..<Self.metadataLasts).contains(now.since(known.at)) {
            return known.metadata
        }
        let document: FetchedDocument
        do throws(FetchError) {
            document = try fetch(FetchRequest(url: issuer.discovery, maximumBytes: 65_536))
        } catch {
            throw .providerUnavailable
        }
        guard document.status == 200, let metadata = Metadata(document.body, issuer: issuer) else {
            throw .providerUnavailable
        }
        known.withLock { $0 = (metadata, now) }
        return metadata
    }

    /// Exchanges a code for an ID token (RFC 6749 section 4.1.3, RFC 7636 section 4.5).
    func redeem(code: String, verifier: String, redirectURI: String, at now: UnixTime) throws(LoginError) -> [UInt8] {
        let endpoint = try metadata(at: now).tokenEndpoint
        let document: FetchedDocument
        do throws(FetchError) {
            document = try fetch(request(to: endpoint, code: code, verifier: verifier, redirectURI: redirectURI))
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

extension Provider.Metadata {
    /// Reads a discovery document of `issuer`; nil when it speaks of another, or names an unacceptable URL.
    init?(_ document: [UInt8], issuer: IssuerURL) {
        struct Document: Decodable {
            let issuer: String
            let authorization_endpoint: String
            let token_endpoint: String
            let scopes_supported: [String]?
            let authorization_response_iss_parameter_supported: Bool?
        }
        guard let read = try? JSONDecoder().decode(Document.self, from: Data(document)),
            read.issuer.utf8.elementsEqual(issuer.text.utf8),
            let token = try? IssuerURL(parsing: read.token_endpoint),
            let authorization = try? IssuerURL(parsing: read.authorization_endpoint),
            // Clear text on this machine does not vouch for a provider elsewhere.
            token.isSecure || !issuer.isSecure, authorization.isSecure || !issuer.isSecure
        else { return nil }
        authorizationEndpoint = authorization.text
        tokenEndpoint = token.text
        scopes = read.scopes_supported
        namesItself = read.authorization_response_iss_parameter_supported ?? false
    }
}
