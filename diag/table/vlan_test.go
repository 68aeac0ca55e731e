package table

import (
	"encoding/binary"
	"slices"
	"testing"

	"nstutor/diag/attr"
)

// TestVLANsOfAPort: single ones, and ranges by their two ends, as the kernel
// packs them with RTEXT_FILTER_BRVLAN_COMPRESSED or without.
func TestVLANsOfAPort(t *testing.T) {
	info := func(b []byte, flags, id uint16) []byte {
		return attr.Append(b, bridgeVLANInfo, binary.NativeEndian.AppendUint16(binary.NativeEndian.AppendUint16(nil, flags), id))
	}
	b := info(nil, bridgeVLANPVID|bridgeVLANUntagged, 1)
	b = info(b, bridgeVLANBegin, 10)
	b = info(b, bridgeVLANEnd, 12)
	b = info(b, 0, 210)
	want := []PortVLAN{{1, true, true}, {10, false, false}, {11, false, false}, {12, false, false}, {210, false, false}}
	if got := portVLANs(b); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := portVLANs(info(nil, bridgeVLANEnd, 4000)); len(got) != 1 {
		t.Errorf("an end without a beginning is %v", got)
	}
}
