package parquet

// appendChunk appends the ColumnChunk of h, whose first page is at offset, to
// the list in t.
func appendChunk(t *compact, h *chunk, offset int64, low, high []byte) {
	t.openElement()
	t.i64(2, 0) // file_offset: deprecated, 0 by the format
	t.open(3)
	t.i32(1, physical(h.field.Kind))
	encodings := []int32{encRLE}
	if h.packed {
		encodings = append(encodings, encPlain, encDictionary) // the dictionary is plain
	} else if h.other {
		encodings = append(encodings, plainEncoding(h.field.Kind))
	}
	t.list(2, thriftI32, len(encodings))
	for _, e := range encodings {
		t.number(e)
	}
	t.list(3, thriftBinary, 1)
	t.element(h.field.Name)
	t.i32(4, codecSnappy)
	t.i64(5, int64(h.rows))
	t.i64(6, h.plain)
	t.i64(7, int64(len(h.dict)+len(h.pages)))
	t.i64(9, offset+int64(len(h.dict)))
	if len(h.dict) > 0 {
		t.i64(11, offset)
	}
	t.open(12)
	t.i64(3, int64(h.nulls))
	if low != nil || high != nil {
		t.bytes(5, high)
		t.bytes(6, low)
	}
	t.close()
	t.close()
	t.close()
}

func physical(k Kind) int32 {
	return [...]int32{
		String: physByteArray, Int32: physInt32, Int64: physInt64,
		Float32: physFloat, Float64: physDouble, Bool: physBoolean,
	}[k]
}

// plainEncoding returns the encoding of pages without a dictionary.
func plainEncoding(k Kind) int32 {
	if k == Int32 || k == Int64 {
		return encDelta
	}
	return encPlain
}

// appendFooter appends the FileMetaData.
func appendFooter(dst []byte, fields []Field, groups []group, rows int64) []byte {
	t := &compact{buf: dst}
	t.i32(1, 2)
	t.list(2, thriftStruct, len(fields)+1)
	t.openElement()
	t.string(4, "schema")
	t.i32(5, int32(len(fields)))
	t.close()
	for _, f := range fields {
		appendField(t, f)
	}
	t.i64(3, rows)
	t.list(4, thriftStruct, len(groups))
	for i, g := range groups {
		t.openElement()
		t.list(1, thriftStruct, len(fields))
		t.buf = append(t.buf, g.columns...)
		t.i64(2, g.plain)
		t.i64(3, g.rows)
		t.i64(5, g.offset)
		t.i64(6, g.stored)
		if i < 1<<15 {
			t.i16(7, int16(i))
		}
		t.close()
	}
	t.string(6, "bespoke")
	t.list(7, thriftStruct, len(fields)) // column_orders: the order of each type
	for range fields {
		t.openElement()
		t.open(1)
		t.close()
		t.close()
	}
	t.close()
	return t.buf
}

// appendField appends a SchemaElement.
func appendField(t *compact, f Field) {
	t.openElement()
	t.i32(1, physical(f.Kind))
	repetition := int32(0)
	if f.Optional {
		repetition = 1
	}
	t.i32(3, repetition)
	t.string(4, f.Name)
	if f.Kind == String {
		t.i32(6, 0) // converted type UTF8
	}
	t.i32(9, f.ID)
	if f.Kind == String {
		t.open(10)
		t.open(1) // logical type STRING
		t.close()
		t.close()
	}
	t.close()
}
