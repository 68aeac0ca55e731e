package progress

import (
	"encoding/json"
	"reflect"
	"strings"
)

// fields are those of an object that this program knows nothing of: a newer one
// of the same format has added them, and finds them again.
type fields map[string]json.RawMessage

// The objects of the file, each with what is unknown of it.
type (
	plainFile       file
	plainStep       step
	plainPrediction prediction
	plainExercise   exercise
	plainScore      score
	plainWay        way
)

func (f *file) UnmarshalJSON(raw []byte) error { return decode(raw, (*plainFile)(f), &f.more) }
func (f file) MarshalJSON() ([]byte, error)    { return encode(plainFile(f), f.more) }

func (s *step) UnmarshalJSON(raw []byte) error { return decode(raw, (*plainStep)(s), &s.more) }
func (s step) MarshalJSON() ([]byte, error)    { return encode(plainStep(s), s.more) }

func (p *prediction) UnmarshalJSON(raw []byte) error {
	return decode(raw, (*plainPrediction)(p), &p.more)
}
func (p prediction) MarshalJSON() ([]byte, error) { return encode(plainPrediction(p), p.more) }

func (e *exercise) UnmarshalJSON(raw []byte) error { return decode(raw, (*plainExercise)(e), &e.more) }
func (e exercise) MarshalJSON() ([]byte, error)    { return encode(plainExercise(e), e.more) }

func (s *score) UnmarshalJSON(raw []byte) error { return decode(raw, (*plainScore)(s), &s.more) }
func (s score) MarshalJSON() ([]byte, error)    { return encode(plainScore(s), s.more) }

func (w *way) UnmarshalJSON(raw []byte) error { return decode(raw, (*plainWay)(w), &w.more) }
func (w way) MarshalJSON() ([]byte, error)    { return encode(plainWay(w), w.more) }

// decode reads an object into known, and what known has no place for into more.
func decode(raw []byte, known any, more *fields) error {
	if err := json.Unmarshal(raw, known); err != nil {
		return err
	}
	var all fields
	if err := json.Unmarshal(raw, &all); err != nil {
		return err
	}
	own := reflect.VisibleFields(reflect.TypeOf(known).Elem())
	for name := range all {
		for _, field := range own {
			own, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			if own != "" && strings.EqualFold(own, name) { // as encoding/json takes names
				delete(all, name)
			}
		}
	}
	*more = nil
	if len(all) > 0 {
		*more = all
	}
	return nil
}

// encode writes an object, its unknown fields behind the known ones.
func encode(known any, more fields) ([]byte, error) {
	raw, err := json.Marshal(known)
	if err != nil || len(more) == 0 {
		return raw, err
	}
	rest, err := json.Marshal(more)
	if err != nil {
		return nil, err
	}
	if len(raw) > len("{}") {
		rest[0] = ','
	} else {
		rest = rest[1:]
	}
	return append(raw[:len(raw)-1], rest...), nil
}
