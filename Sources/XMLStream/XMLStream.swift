internal import CExpat

/// Why an XML document was refused.
public enum XMLStreamError: Error, Equatable, Sendable {
    /// expat could not allocate its parser.
    case outOfMemory
    /// The document is not well-formed UTF-8 XML; `code` is expat's `XML_Error`, `offset` the byte.
    case malformed(code: UInt32, offset: Int)
    /// The document has a document type declaration: no DTD, no entities of its own.
    case documentTypeRefused
    /// The document has a processing instruction.
    case processingInstructionRefused
    /// The document is not in UTF-8.
    case encodingRefused
    /// Elements nest deeper than the limit.
    case tooDeep
    /// The document is longer than the limit.
    case tooLarge
}

/// Bounds of one document.
public struct XMLLimits: Sendable {
    /// Bytes of the whole document.
    public var maximumSize: Int
    /// Open elements at once.
    public var maximumDepth: Int

    /// Bounds for a document.
    public init(maximumSize: Int = 64 << 20, maximumDepth: Int = 128) {
        self.maximumSize = maximumSize
        self.maximumDepth = maximumDepth
    }
}

/// One thing that the parser saw.
public struct XMLEvent: Equatable, Sendable {
    /// What was seen.
    public enum Kind: Equatable, Sendable {
        /// A start tag; `content` is the qualified name. Its attributes follow.
        case start
        /// The name of an attribute of the last start tag.
        case attributeName
        /// The decoded value of the attribute just named.
        case attributeValue
        /// An end tag; `content` is the qualified name. After an empty-element tag its `source` is empty.
        case end
        /// A piece of decoded text. One text may come in several pieces, a reference is a piece of its own.
        case text
        /// A comment; `content` is its inside.
        case comment
    }

    /// What was seen.
    public let kind: Kind
    /// Where its bytes are in `XMLStream.content`.
    public let content: Range<Int>
    /// Where it stands in the document, in bytes from its beginning.
    ///
    /// For attributes: the start tag.
    public let source: Range<Int>
}

/// Reads one XML document piece by piece.
///
/// Wraps expat without namespace processing, always as UTF-8, without DTD and entities. Events of a `write` are there
/// until the next one; offsets allow rewriting the source to the byte. Belongs to one thread at a time.
@safe
public struct XMLStream: ~Copyable {
    private let parser: OpaquePointer
    private let sink: EventSink
    private var size = 0
    private let maximumSize: Int

    /// Prepares to read one document.
    public init(limits: XMLLimits = XMLLimits()) throws(XMLStreamError) {
        guard let parser = unsafe XML_ParserCreate("UTF-8") else { throw .outOfMemory }
        unsafe self.parser = unsafe parser
        sink = unsafe EventSink(parser: parser, maximumDepth: limits.maximumDepth)
        maximumSize = limits.maximumSize
        unsafe XML_SetUserData(parser, Unmanaged.passUnretained(sink).toOpaque())
        unsafe XML_SetElementHandler(parser, elementStarted, elementEnded)
        unsafe XML_SetCharacterDataHandler(parser, textFound)
        unsafe XML_SetCommentHandler(parser, commentFound)
        unsafe XML_SetStartDoctypeDeclHandler(parser, documentTypeStarted)
        unsafe XML_SetProcessingInstructionHandler(parser, instructionFound)
    }

    deinit { unsafe XML_ParserFree(parser) }

    /// The events of the last `write`, in document order.
    public var events: [XMLEvent] { sink.events }

    /// The bytes that the events of the last `write` refer to.
    public var content: [UInt8] { sink.content }

    /// Reads the next piece; `isFinal` says that the document ends with it.
    public mutating func write(_ chunk: Span<UInt8>, isFinal: Bool = false) throws(XMLStreamError) {
        sink.clear()
        size += chunk.count
        guard size <= maximumSize, chunk.count <= Int32.max else { throw .tooLarge }
        // expat would follow a byte order mark to UTF-16, whatever encoding it was told.
        for index in 0..<min(chunk.count, max(0, 2 - (size - chunk.count))) {
            guard chunk[index] != 0, chunk[index] < 0xFE else { throw .encodingRefused }
        }
        let parser = unsafe self.parser
        let status = unsafe chunk.withUnsafeBytes { bytes in
            unsafe XML_Parse(
                parser,
                bytes.baseAddress?.assumingMemoryBound(to: CChar.self),
                Int32(bytes.count),
                isFinal ? 1 : 0
            )
        }
        guard status != XML_STATUS_OK else { return }
        if let failure = sink.failure { throw failure }
        let code = unsafe XML_GetErrorCode(parser)
        guard code != XML_ERROR_NO_MEMORY else { throw .outOfMemory }
        throw unsafe .malformed(code: code.rawValue, offset: Int(XML_GetCurrentByteIndex(parser)))
    }
}
