/// Narrows operations that the head's method, path and query leave over.
struct TieBreaker {
    let head: RequestHead
    let body: [UInt8]?

    /// The operations that remain, the preferred one first; nil when the body is needed to tell.
    func narrow(_ operations: [Operation]) throws(RecognitionError) -> [Operation]? {
        guard operations.count > 1 else { return operations }
        return operations
    }
}
