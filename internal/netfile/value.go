package netfile

import (
	"encoding/binary"
	"encoding/hex"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"nstutor/diag/attr"
)

// fits reports whether bytes are of a kind, so that its words make the same bytes.
func fits(k kind, b []byte) bool {
	switch k {
	case number, network:
		return len(b) == 1 || len(b) == 2 || len(b) == 4 || len(b) == 8
	case word, label:
		return len(b) > 0 && len(b) <= 256 && strings.IndexByte(string(b), 0) == len(b)-1
	case dev:
		return len(b) > 0 && len(b) <= unix.IFNAMSIZ && strings.IndexByte(string(b), 0) == len(b)-1
	case addr:
		return len(b) == 4 || len(b) == 16
	case mac:
		return len(b) == 6
	case flag:
		return len(b) == 0
	case raw, blob:
		return true
	}
	return false
}

// words are a value as it is written. What begins with 0x is bytes, whatever the
// kind.
func words(k kind, b []byte) string {
	switch k {
	case number:
		return numbered(binary.NativeEndian, b)
	case network:
		return numbered(binary.BigEndian, b)
	case word, label, dev:
		return quoted(attr.String(b))
	case addr:
		return attr.Addr(b).String()
	case mac:
		return net.HardwareAddr(b).String()
	}
	return "0x" + hex.EncodeToString(b)
}

// numbered is a number, and where it is not of four bytes their count.
func numbered(order binary.ByteOrder, b []byte) string {
	s := strconv.FormatUint(integer(order, b), 10)
	if len(b) != 4 {
		s += ":" + strconv.Itoa(len(b))
	}
	return s
}

// valued is the value that words say.
func valued(k kind, s string) (b []byte, ok bool) {
	if digits, bytes := strings.CutPrefix(s, "0x"); bytes {
		b, err := hex.DecodeString(digits)
		return b, err == nil && len(b) <= most
	}
	switch k {
	case number, network:
		var order binary.ByteOrder = binary.NativeEndian
		if k == network {
			order = binary.BigEndian
		}
		value, bytes, sized := strings.Cut(s, ":")
		size := 4
		if sized {
			size, _ = strconv.Atoi(bytes)
		}
		if size != 1 && size != 2 && size != 4 && size != 8 {
			return nil, false
		}
		n, err := strconv.ParseUint(value, 10, size*8)
		return bytesOf(order, n, size), err == nil
	case word, label, dev:
		b = append([]byte(s), 0)
	case addr:
		a, err := netip.ParseAddr(s)
		if err != nil {
			return nil, false
		}
		b = a.AsSlice()
	case mac:
		m, err := net.ParseMAC(s)
		if err != nil {
			return nil, false
		}
		b = m
	default:
		return nil, false
	}
	return b, fits(k, b)
}

func integer(order binary.ByteOrder, b []byte) uint64 {
	switch len(b) {
	case 1:
		return uint64(b[0])
	case 2:
		return uint64(order.Uint16(b))
	case 4:
		return uint64(order.Uint32(b))
	case 8:
		return order.Uint64(b)
	}
	return 0 // padding
}

func bytesOf(order binary.ByteOrder, n uint64, size int) []byte {
	b := make([]byte, size)
	switch size {
	case 1:
		b[0] = byte(n)
	case 2:
		order.PutUint16(b, uint16(n))
	case 4:
		order.PutUint32(b, uint32(n))
	case 8:
		order.PutUint64(b, n)
	}
	return b
}

// plain are the characters of a word that is written without quotes.
const plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:/@%+*"

// quoted is a word, in Go's quotes where it needs some: it has no line ends then,
// and nothing that a terminal would do.
func quoted(s string) string {
	if s != "" && strings.Trim(s, plain) == "" && !strings.HasPrefix(s, "0x") {
		return s
	}
	return strconv.QuoteToASCII(s)
}
