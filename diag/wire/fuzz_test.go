package wire

import "testing"

// A control message of the packet socket is taken apart by hand.
func FuzzWireControl(f *testing.F) {
	f.Add(make([]byte, 40))
	f.Fuzz(func(t *testing.T, b []byte) { new(Frame).readControl(b) })
}
