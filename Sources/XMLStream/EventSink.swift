internal import CExpat

/// Collects what expat's callbacks report during one `XML_Parse`.
///
/// A class, because expat keeps its address. A failure is kept here and stops the parser; `XMLStream` throws it.
@safe
final class EventSink {
    private let parser: OpaquePointer
    private let maximumDepth: Int
    private var depth = 0
    private var record = Record()
    private(set) var failure: XMLStreamError?

    /// What was seen, in one place, so that a callback accesses the object once.
    private struct Record {
        var events: [XMLEvent] = []
        var content: [UInt8] = []

        mutating func append(_ kind: XMLEvent.Kind, _ bytes: UnsafeRawBufferPointer, _ source: Range<Int>) {
            let start = content.count
            unsafe content.append(contentsOf: bytes)
            events.append(XMLEvent(kind: kind, content: start..<content.count, source: source))
        }

        mutating func clear() {
            events.removeAll(keepingCapacity: true)
            content.removeAll(keepingCapacity: true)
        }
    }

    var events: [XMLEvent] { record.events }
    var content: [UInt8] { record.content }

    init(parser: OpaquePointer, maximumDepth: Int) {
        unsafe self.parser = unsafe parser
        self.maximumDepth = maximumDepth
    }

    func clear() { record.clear() }

    func stop(_ failure: XMLStreamError) {
        if self.failure == nil { self.failure = failure }
        unsafe XML_StopParser(parser, 0)
    }

    func opened() {
        depth += 1
        if depth > maximumDepth { stop(.tooDeep) }
    }

    func closed() { depth -= 1 }

    func append(_ kind: XMLEvent.Kind, _ bytes: UnsafeBufferPointer<XML_Char>) {
        let offset = unsafe Int(XML_GetCurrentByteIndex(parser))
        let count = unsafe Int(XML_GetCurrentByteCount(parser))
        unsafe record.append(kind, UnsafeRawBufferPointer(bytes), offset..<offset + count)
    }

    func append(_ kind: XMLEvent.Kind, text: UnsafePointer<XML_Char>) {
        var count = 0
        while unsafe text[count] != 0 { count += 1 }
        unsafe append(kind, UnsafeBufferPointer(start: text, count: count))
    }
}

/// The sink that `XML_SetUserData` was given.
private func sink(_ data: UnsafeMutableRawPointer?) -> EventSink? {
    guard let data = unsafe data else { return nil }
    return unsafe Unmanaged<EventSink>.fromOpaque(data).takeUnretainedValue()
}

func elementStarted(
    _ data: UnsafeMutableRawPointer?,
    _ name: UnsafePointer<XML_Char>?,
    _ attributes: UnsafeMutablePointer<UnsafePointer<XML_Char>?>?
) {
    guard let sink = unsafe sink(data), let name = unsafe name else { return }
    sink.opened()
    unsafe sink.append(.start, text: name)
    guard var pair = unsafe attributes else { return }
    while let key = unsafe pair[0], let value = unsafe pair[1] {
        unsafe sink.append(.attributeName, text: key)
        unsafe sink.append(.attributeValue, text: value)
        unsafe pair += 2
    }
}

func elementEnded(_ data: UnsafeMutableRawPointer?, _ name: UnsafePointer<XML_Char>?) {
    guard let sink = unsafe sink(data), let name = unsafe name else { return }
    sink.closed()
    unsafe sink.append(.end, text: name)
}

func textFound(_ data: UnsafeMutableRawPointer?, _ text: UnsafePointer<XML_Char>?, _ count: Int32) {
    guard let sink = unsafe sink(data) else { return }
    unsafe sink.append(.text, UnsafeBufferPointer(start: text, count: Int(count)))
}

func commentFound(_ data: UnsafeMutableRawPointer?, _ text: UnsafePointer<XML_Char>?) {
    guard let sink = unsafe sink(data), let text = unsafe text else { return }
    unsafe sink.append(.comment, text: text)
}

func documentTypeStarted(
    _ data: UnsafeMutableRawPointer?,
    _ name: UnsafePointer<XML_Char>?,
    _ system: UnsafePointer<XML_Char>?,
    _ publicID: UnsafePointer<XML_Char>?,
    _ hasSubset: Int32
) {
    unsafe sink(data)?.stop(.documentTypeRefused)
}

func instructionFound(
    _ data: UnsafeMutableRawPointer?,
    _ target: UnsafePointer<XML_Char>?,
    _ text: UnsafePointer<XML_Char>?
) {
    unsafe sink(data)?.stop(.processingInstructionRefused)
}
