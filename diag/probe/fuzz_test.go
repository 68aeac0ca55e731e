package probe

import "testing"

func FuzzPingPacket(f *testing.F) {
	tag := newEchoTag(&echo4, 1)
	request, err := tag.request(56)
	if err != nil {
		f.Fatal(err)
	}
	header := append([]byte{0x45, 0, 0, 84, 0, 0, 0, 0, 64, 1, 0, 0}, make([]byte, 8)...)
	f.Add(request)
	f.Add(append(append([]byte{3, 4, 0, 0, 0, 0, 5, 0xdc}, header...), request...))
	f.Fuzz(func(t *testing.T, b []byte) {
		tag.matches(b, 0)
		if payload, _, ok := ipv4Payload(b); ok && len(payload) > len(b)-20 {
			t.Error("a payload longer than its packet leaves room for")
		}
		if echo, _, ok := quotedEcho(b); ok {
			tag.matches(echo, 8)
		}
		new(socketReport).addFault(b)
	})
}
