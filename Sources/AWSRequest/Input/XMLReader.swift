internal import XMLStream

/// One element of an XML body: no namespaces, mixed content only as text.
struct XMLElement: Equatable {
    let name: String
    var attributes: [(name: String, value: String)] = []
    var children: [XMLElement] = []
    var text = ""

    static func == (left: XMLElement, right: XMLElement) -> Bool {
        left.name == right.name && left.text == right.text && left.children == right.children
            && left.attributes.elementsEqual(right.attributes) { $0.name == $1.name && $0.value == $1.value }
    }
}

/// Reads one XML document without DTD, entities and namespace prefixes on elements.
enum XMLReader {
    static func read(_ bytes: [UInt8]) throws(InputError) -> XMLElement {
        let (events, content) = try parse(bytes)
        return try build(events, content)
    }

    private static func parse(_ bytes: [UInt8]) throws(InputError) -> ([XMLEvent], [UInt8]) {
        let limits = XMLLimits(maximumSize: InputLimits.size, maximumDepth: InputLimits.depth)
        do {
            var stream = try XMLStream(limits: limits)
            try stream.write(bytes.span, isFinal: true)
            return (stream.events, stream.content)
        } catch {
            switch error {
            case .tooDeep: throw .tooDeep
            case .tooLarge, .outOfMemory: throw .tooLarge
            case .malformed(_, let offset): throw .malformed(offset: offset)
            case .documentTypeRefused, .processingInstructionRefused, .encodingRefused: throw .malformed(offset: 0)
            }
        }
    }

    private static func build(_ events: [XMLEvent], _ content: [UInt8]) throws(InputError) -> XMLElement {
        guard events.count <= InputLimits.count else { throw .tooLarge }
        var open: [XMLElement] = []
        var attribute = ""
        for event in events {
            let text = String(decoding: content[event.content], as: UTF8.self)
            switch event.kind {
            case .start:
                guard !text.contains(":") else { throw .malformed(offset: event.source.lowerBound) }
                open.append(XMLElement(name: text))
            case .attributeName: attribute = text
            case .attributeValue: change(&open) { $0.attributes.append((attribute, text)) }
            case .text: change(&open) { $0.text += text }
            case .end:
                guard let closed = open.popLast() else { throw .malformed(offset: event.source.lowerBound) }
                if open.isEmpty { return closed }
                change(&open) { $0.children.append(closed) }
            case .comment: continue
            }
        }
        throw .malformed(offset: content.count)
    }

    /// Changes the innermost open element, if there is one.
    private static func change(_ open: inout [XMLElement], _ body: (inout XMLElement) -> Void) {
        guard var last = open.popLast() else { return }
        body(&last)
        open.append(last)
    }
}
