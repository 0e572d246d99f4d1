package sequence

import "bespoke/recipe"

// Encode writes the matrix.
func (c *Counts) Encode(e *recipe.Encoder) {
	lengths := make([]uint32, len(c.Start)-1)
	for i := range lengths {
		lengths[i] = uint32(c.Start[i+1] - c.Start[i])
	}
	recipe.Put(e, lengths)
	recipe.Put(e, c.Item)
	recipe.Put(e, c.Weight)
}

// Decode reads a matrix of so many items, nil after an error.
func Decode(d *recipe.Decoder, items int) *Counts {
	lengths := recipe.Get[uint32](d, items)
	if d.Err() != nil {
		return nil
	}
	c := &Counts{Start: make([]int, items+1)}
	for i, n := range lengths {
		c.Start[i+1] = c.Start[i] + int(n)
	}
	c.Item = recipe.GetNumbers(d, c.Start[items], items)
	c.Weight = recipe.Get[float32](d, c.Start[items])
	if d.Err() != nil {
		return nil
	}
	return c
}
