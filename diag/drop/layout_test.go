package drop

import (
	"errors"
	"maps"
	"os"
	"strings"
	"testing"

	"github.com/cilium/ebpf/btf"
)

// kernelTypes are this kernel's, if it has any.
func kernelTypes(t testing.TB) ([]byte, bool) {
	t.Helper()
	raw, err := os.ReadFile(btfPath)
	if err != nil {
		t.Logf("this kernel does not describe its types: %v", err)
		if _, err := kernelLayout(); !errors.As(err, new(*Missing)) {
			t.Errorf("and that is said so: %v", err)
		}
		return nil, false
	}
	return raw, true
}

// TestTheLayoutIsWhatTheLibraryReads compares with ebpf/btf, member by member.
func TestTheLayoutIsWhatTheLibraryReads(t *testing.T) {
	raw, ok := kernelTypes(t)
	if !ok {
		return
	}
	l, err := readLayout(raw)
	if err != nil {
		t.Fatal(err)
	}
	spec, err := btf.LoadKernelSpec()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range l.places() {
		var s *btf.Struct
		if err := spec.TypeByName(p.strukt, &s); err != nil {
			t.Fatal(err)
		}
		want, ok := libraryMember(s, p.path)
		if !ok || uint32(*p.to) != want {
			t.Errorf("%s.%s is at %d, want %d, %v", p.strukt, p.path, *p.to, want, ok)
		}
	}
	var e *btf.Enum
	if err := spec.TypeByName(reasonEnum, &e); err != nil {
		t.Fatal(err)
	}
	want := map[uint32]string{}
	for _, v := range e.Values {
		want[uint32(v.Value)] = v.Name
	}
	if !maps.Equal(l.reasons, want) {
		t.Errorf("reasons %v, want %v", l.reasons, want)
	}
	var call *btf.Typedef
	if err := spec.TypeByName(tracepoint, &call); err != nil {
		t.Fatal(err)
	}
	if params := call.Type.(*btf.Pointer).Target.(*btf.FuncProto).Params; l.receiver != (len(params) > 4) {
		t.Errorf("the tracepoint has %d arguments, and a receiver: %v", len(params), l.receiver)
	}
}

func libraryMember(t btf.Type, path string) (offset uint32, ok bool) {
	var members []btf.Member
	switch s := btf.UnderlyingType(t).(type) {
	case *btf.Struct:
		members = s.Members
	case *btf.Union:
		members = s.Members
	}
	name, inner, deeper := strings.Cut(path, ".")
	for _, m := range members {
		switch {
		case m.Name == name && !deeper:
			return m.Offset.Bytes(), true
		case m.Name == name:
			offset, ok = libraryMember(m.Type, inner)
		case m.Name == "":
			offset, ok = libraryMember(m.Type, path)
		}
		if ok {
			return m.Offset.Bytes() + offset, true
		}
	}
	return 0, false
}

func BenchmarkReadLayout(b *testing.B) {
	raw, ok := kernelTypes(b)
	if !ok {
		return
	}
	for b.Loop() {
		if _, err := readLayout(raw); err != nil {
			b.Fatal(err)
		}
	}
}

// TestDamagedTypesAreAnError cuts the kernel's types off at many places, and puts
// other bytes into a small part.
func TestDamagedTypesAreAnError(t *testing.T) {
	raw, ok := kernelTypes(t)
	if !ok {
		return
	}
	for at := 0; at < len(raw)-1; at = at*3 + 1 {
		if _, err := readLayout(raw[:at]); err == nil {
			t.Errorf("cut off at %d of %d bytes they are read", at, len(raw))
		}
	}
}

func FuzzTypes(f *testing.F) {
	// A header, a struct net with one member of itself, and their names.
	f.Add([]byte("\x9f\xeb\x01\x00\x18\x00\x00\x00\x00\x00\x00\x00\x18\x00\x00\x00\x18\x00\x00\x00\x08\x00\x00\x00" +
		"\x01\x00\x00\x00\x01\x00\x00\x04\x08\x00\x00\x00\x05\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00net\x00ns\x00"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		_, _ = readLayout(raw)
		if types, err := readTypes(raw, "net"); err == nil {
			types.member(types.named["net"], "ns.inum")
			types.enum(types.named["net"])
		}
	})
}
