import FastCGI
import Identity

extension AuthService.Request {
    /// Takes what nginx passes on; a client's header can only be one of the `HTTP_` values.
    init(_ parameters: ParameterList) {
        self.init(
            route: parameters.text("POSTERN_ROUTE") ?? "",
            target: parameters.text("REQUEST_URI") ?? "",
            contentType: parameters.text("CONTENT_TYPE") ?? "",
            requestID: parameters.text("POSTERN_REQUEST_ID") ?? "",
            authorization: parameters.values("HTTP_AUTHORIZATION"),
            securityToken: parameters.values("HTTP_X_AMZ_SECURITY_TOKEN"),
            role: parameters.values("HTTP_X_POSTERN_ROLE"),
            query: parameters.values("HTTP_X_POSTERN_QUERY"),
            userAgent: parameters.values("HTTP_USER_AGENT").first ?? ""
        )
    }
}

extension ParameterList {
    /// Every value of a parameter; bytes that are no UTF-8 become U+FFFD, which no credential has.
    fileprivate func values(_ name: String) -> [String] {
        all.filter { $0.name.elementsEqual(name.utf8) }.map { String(decoding: $0.value, as: UTF8.self) }
    }
}

extension Exchange {
    /// The whole body, and one byte more than `limit` of a longer one; empty when the client broke off.
    func body(upTo limit: Int) -> [UInt8] {
        var body: [UInt8] = []
        do throws(FastCGIError) {
            while body.count <= limit {
                guard try read(upTo: min(16_384, limit + 1 - body.count), into: &body) > 0 else { break }
            }
            return body
        } catch {
            return []
        }
    }
}
