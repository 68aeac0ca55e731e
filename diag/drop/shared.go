package drop

import (
	"os"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"nstutor/internal/say"
)

// ringSize is the room for events that are not read yet, a thousand of them. It
// has to be a power of two, and whole pages.
const ringSize = 256 << 10

// symbolFormat is the format of bpf_snprintf() for the name of a function.
const symbolFormat = "%ps"

// shared is what the program shares with this process.
type shared struct {
	events *ebpf.Map // the ring buffer
	lost   *ebpf.Map // one number: the events that had no room in it
	format *ebpf.Map // the format's text, which the verifier wants where nobody can change it
}

func makeShared() (m shared, err error) {
	for _, kind := range []struct {
		to   **ebpf.Map
		spec ebpf.MapSpec
	}{
		{&m.events, ebpf.MapSpec{Name: "nstutor_events", Type: ebpf.RingBuf, MaxEntries: uint32(max(ringSize, os.Getpagesize()))}},
		{&m.lost, ebpf.MapSpec{Name: "nstutor_lost", Type: ebpf.Array, KeySize: 4, ValueSize: 8, MaxEntries: 1}},
		{&m.format, ebpf.MapSpec{
			Name: "nstutor_format", Type: ebpf.Array, KeySize: 4, ValueSize: uint32(len(symbolFormat) + 1), MaxEntries: 1,
			Flags: unix.BPF_F_RDONLY_PROG, Contents: []ebpf.MapKV{{Key: uint32(0), Value: []byte(symbolFormat + "\x00")}},
		}},
	} {
		made, err := ebpf.NewMap(&kind.spec)
		if err != nil {
			return m, say.Err("make the map %s: %v", "创建 map %s：%v", kind.spec.Name, err)
		}
		*kind.to = made
	}
	return m, m.format.Freeze()
}

// unread is how many events there was no room for.
func (m shared) unread() (n uint64) {
	// A map that is closed has been asked before.
	_ = m.lost.Lookup(uint32(0), &n)
	return n
}

func (m shared) close() {
	for _, one := range []*ebpf.Map{m.events, m.lost, m.format} {
		if one != nil {
			one.Close()
		}
	}
}
