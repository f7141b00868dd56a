import Configuration
import AWSRequest

extension CallHandler {
    /// The customer's own endpoint that a request's path names, which must be one that the site lists.
    func namedEndpoint(in target: String) throws(Rejection) -> CustomerEndpoints.Named? {
        do throws(EndpointError) {
            return try gateway.parts.settings.upstream.customerEndpoints.named(in: target)
        } catch {
            throw Rejection(error)
        }
    }

    /// The customer's own endpoint of a call: as AWS tells it, or as the site lists it; nil where it has none.
    func customerEndpoint(of understood: UnderstoodCall, caller: Caller) throws(Rejection) -> CustomerEndpoint? {
        if understood.endpoint == nil, let host = try discoveredHost(of: understood.call, caller: caller) {
            return CustomerEndpoint(host: host)
        }
        do throws(EndpointError) {
            return try gateway.parts.settings.upstream.customerEndpoints.endpoint(
                for: understood.call,
                named: understood.endpoint
            )
        } catch {
            throw Rejection(error)
        }
    }
}
