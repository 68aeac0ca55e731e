package door

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"io"

	"nstutor/internal/lab/tty"
	"nstutor/internal/say"
)

// The frames that go through a lab's door. A connection asks once: about the lab
// (frameAbout, answered by a description), or for a shell (frameShell with an
// invitation, answered by frameWelcome or frameRefused). From then on the
// visitor sends input and window sizes, the lab sends output and, at last, the
// exit status.
const (
	frameAbout   = 'a'
	frameShell   = 's'
	frameWelcome = 'k'
	frameRefused = 'n'
	frameInput   = 'i'
	frameWindow  = 'w'
	frameOutput  = 'o'
	frameExit    = 'x'
)

// maxFrame is the longest payload that is read.
const maxFrame = 1 << 16

// description is what a lab says about itself.
type description struct {
	Since int64  // seconds since 1970
	About string // packed: in all languages
	Netns []string
}

// invitation is what a visitor asks for.
type invitation struct {
	Netns     string
	Variables map[string]string
	Window    tty.Window
}

// refused is why there is no shell. Names are the namespaces that there are,
// when the one asked for is not.
type refused struct {
	Reason string // packed: in all languages
	Names  []string
}

// sendFrame writes one frame: a kind, the length of the payload in four bytes,
// and the payload.
func sendFrame(w io.Writer, kind byte, payload []byte) error {
	frame := make([]byte, 5, 5+len(payload))
	frame[0] = kind
	binary.BigEndian.PutUint32(frame[1:], uint32(len(payload)))
	_, err := w.Write(append(frame, payload...))
	return err
}

// sendValue writes a frame whose payload is a value in JSON.
func sendValue(w io.Writer, kind byte, value any) error {
	payload, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return sendFrame(w, kind, payload)
}

// receiveFrame reads one frame.
func receiveFrame(r *bufio.Reader) (kind byte, payload []byte, err error) {
	var head [5]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, nil, err
	}
	length := binary.BigEndian.Uint32(head[1:])
	if length > maxFrame {
		return 0, nil, say.Err("a frame of %d bytes", "消息长达 %d 字节", length)
	}
	payload = make([]byte, length)
	if _, err := io.ReadFull(r, payload); err != nil {
		return 0, nil, err
	}
	return head[0], payload, nil
}
