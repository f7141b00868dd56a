import AWSRequest
import Configuration
import Foundation
import HTTPClient
import HTTPTypes
import Identity
import OpenSSL
import SigV4
import Locking

/// The hosts that AWS names for services that must be asked for theirs (Timestream), remembered for as long as it says.
///
/// SDKs with a custom endpoint do not ask: the gateway does it for them, with the credential that the call will have.
final class EndpointDiscovery: Sendable {
    /// The most hosts that are remembered.
    private static let capacity = 1_000
    /// The most bytes of an answer.
    static let answerLimit = 65_536

    private struct Key: Hashable {
        let host: String
        let accessKeyID: String
    }

    private struct Found {
        let host: String
        let until: ContinuousClock.Instant
    }

    private struct Answer: Decodable {
        struct Endpoint: Decodable {
            let address: String
            let minutes: Int

            enum CodingKeys: String, CodingKey {
                case address = "Address"
                case minutes = "CachePeriodInMinutes"
            }
        }

        let endpoints: [Endpoint]

        enum CodingKeys: String, CodingKey {
            case endpoints = "Endpoints"
        }
    }

    /// What a call is refused with that has no endpoint for the time being.
    static var unknown: Rejection {
        Rejection(.upstream, status: 502, code: "BadGateway", "AWS does not tell the endpoint of the service.")
    }

    private let known = Lock<[Key: Found]>([:])

    /// The host that answers now, as `ask` says or has said.
    ///
    /// - Parameter ask: sends a request to the service's own host and returns the answer's body.
    func host(
        for service: UpstreamTarget,
        accessKeyID: String,
        ask: () throws(Rejection) -> [UInt8]
    ) throws(Rejection) -> String {
        let key = Key(host: service.host, accessKeyID: accessKeyID)
        if let found = known.withLock({ $0[key] }), found.until > .now { return found.host }
        let bytes = try ask()
        guard let answer = try? JSONDecoder().decode(Answer.self, from: Data(bytes)),
            let endpoint = answer.endpoints.first, Self.isHost(endpoint.address)
        else {
            throw Self.unknown
        }
        let minutes = min(max(endpoint.minutes, 1), 1_440)
        known.withLock { known in
            if known.count >= Self.capacity { known.removeAll() }
            known[key] = Found(host: endpoint.address, until: .now + .seconds(minutes * 60))
        }
        return endpoint.address
    }

    /// Whether AWS's answer is a plain host name; that it is one of AWS's own, the catalogue checks.
    static func isHost(_ text: String) -> Bool {
        text.utf8.count <= 253 && !text.hasPrefix(".") && !text.contains("..")
            && text.utf8.allSatisfy { byte in
                (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || byte == 0x2D || byte == 0x2E
            }
    }

    /// An answer of DescribeEndpoints in which every address is the gateway's own.
    static func readdressed(_ answer: [UInt8], to site: String) -> [UInt8] {
        guard var object = try? JSONSerialization.jsonObject(with: Data(answer)) as? [String: Any] else {
            return answer
        }
        // MediaConvert writes both names small, and an URL.
        for (list, name, address) in [("Endpoints", "Address", site), ("endpoints", "url", "https://\(site)")] {
            guard let endpoints = object[list] as? [[String: Any]] else { continue }
            object[list] = endpoints.map { $0[name] == nil ? $0 : $0.merging([name: address]) { $1 } }
        }
        return (try? JSONSerialization.data(withJSONObject: object, options: [.sortedKeys])).map(Array.init) ?? answer
    }
}

extension CallHandler {
    /// The host of a call for which AWS has to be asked; nil where the catalogue knows it.
    func discoveredHost(of call: RecognisedCall, caller: Caller) throws(Rejection) -> String? {
        let service: UpstreamTarget
        do throws(EndpointError) {
            let options = gateway.parts.settings.upstream.options
            guard let found = try gateway.parts.catalogue.discoveryEndpoint(for: call, options: options) else {
                return nil
            }
            service = found
        } catch {
            throw Rejection(error)
        }
        let credential = try credential(for: caller.assertion)
        return try gateway.discovery.host(for: service, accessKeyID: credential.accessKeyID) {
            () throws(Rejection) in
            try ask(service, prefix: call.operation.service.targetPrefix, with: Credential(credential))
        }
    }

    private func ask(
        _ service: UpstreamTarget,
        prefix: String,
        with credential: Credential
    ) throws(Rejection) -> [UInt8] {
        let question = Array("{}".utf8)
        var fields = HTTPFields()
        fields[.contentType] = "application/x-amz-json-1.0"
        if let name = HTTPField.Name("x-amz-target") { fields[name] = "\(prefix).DescribeEndpoints" }
        var request = HTTPRequest(
            method: .post,
            scheme: "https",
            authority: service.host,
            path: "/",
            headerFields: fields
        )
        try sign(&request, for: service, with: credential, payload: .hash(SHA256.hash(question)))
        let outbound = OutboundRequest(
            to: gateway.parts.settings.upstream.server.destination(of: service.host),
            method: .post,
            target: "/",
            host: service.host,
            fields: request.headerFields
        )
        var answer: [UInt8] = []
        var status = 0
        let sink = ResponseSink(
            head: { head in
                status = head.status
                return true
            },
            body: { bytes in
                guard answer.count + bytes.count <= EndpointDiscovery.answerLimit else { return false }
                for index in bytes.indices { answer.append(bytes[index]) }
                return true
            }
        )
        do throws(HTTPClientError) {
            try gateway.parts.client.perform(outbound, body: .bytes(question), into: sink)
        } catch {
            throw Rejection(error)
        }
        guard status == 200 else {
            throw EndpointDiscovery.unknown
        }
        return answer
    }
}
