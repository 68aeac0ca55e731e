package wire

import (
	"net"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// A control message of the packet socket is taken apart by hand.
func FuzzWireControl(f *testing.F) {
	f.Add(make([]byte, 40))
	f.Fuzz(func(t *testing.T, b []byte) { new(Frame).readControl(b) })
}

// FuzzFrameLine: whatever devices and namespaces are called, the line of a frame
// is one line, and does nothing to a terminal.
func FuzzFrameLine(f *testing.F) {
	for _, name := range []string{"eth0", "\x1b[2J", "a\nb", "\u202egpj", "\xff\x9b1m", "eth0.5"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		mac := net.HardwareAddr{2, 0, 0, 0, 0, 1}
		line := Frame{Netns: name, Dev: name, SrcMAC: mac, DstMAC: mac, VLAN: 1}.Line()
		if at := strings.IndexFunc(line, func(c rune) bool { return !unicode.IsPrint(c) }); at >= 0 || !utf8.ValidString(line) {
			t.Errorf("the frame of %q is %q", name, line)
		}
	})
}
