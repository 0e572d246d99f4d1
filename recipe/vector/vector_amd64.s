#include "textflag.h"

// Multiplications and additions are not fused, so that the bits are those of the
// plain code.

// func dotAVX(x, y *float32, n int) float32
TEXT ·dotAVX(SB), NOSPLIT, $0-28
	MOVQ x+0(FP), SI
	MOVQ y+8(FP), DI
	MOVQ n+16(FP), CX
	VXORPS Y0, Y0, Y0
dotloop:
	VMOVUPS (SI), Y1
	VMULPS (DI), Y1, Y1
	VADDPS Y1, Y0, Y0
	ADDQ $32, SI
	ADDQ $32, DI
	SUBQ $8, CX
	JGT dotloop
	VEXTRACTF128 $1, Y0, X1
	VADDPS X1, X0, X0
	VMOVHLPS X0, X0, X1
	VADDPS X1, X0, X0
	VMOVSHDUP X0, X1
	VADDSS X1, X0, X0
	VZEROUPPER
	MOVSS X0, ret+24(FP)
	RET

// Rows are far apart in memory: the one that comes eight later is fetched ahead.

// func dotsAVX(out, x, rows *float32, index *uint32, count, n, stride int)
TEXT ·dotsAVX(SB), NOSPLIT, $0-56
	MOVQ out+0(FP), DX
	MOVQ x+8(FP), SI
	MOVQ rows+16(FP), R8
	MOVQ index+24(FP), R9
	MOVQ count+32(FP), R10
	MOVQ n+40(FP), R11
	MOVQ stride+48(FP), R12
	SHLQ $2, R11
	SHLQ $2, R12
	LEAQ -4(R9)(R10*4), R13 // the last index
dotsrow:
	LEAQ 32(R9), AX
	CMPQ AX, R13
	CMOVQHI R13, AX
	MOVL (AX), AX
	IMULQ R12, AX
	ADDQ R8, AX
	MOVL (R9), DI
	IMULQ R12, DI
	ADDQ R8, DI
	XORQ CX, CX
	VXORPS Y0, Y0, Y0
	PREFETCHT0 (AX)
	PREFETCHT0 64(AX)
	PREFETCHT0 128(AX)
	PREFETCHT0 192(AX)
dotsloop:
	VMOVUPS (SI)(CX*1), Y1
	VMULPS (DI)(CX*1), Y1, Y1
	VADDPS Y1, Y0, Y0
	ADDQ $32, CX
	CMPQ CX, R11
	JLT dotsloop
	VEXTRACTF128 $1, Y0, X1
	VADDPS X1, X0, X0
	VMOVHLPS X0, X0, X1
	VADDPS X1, X0, X0
	VMOVSHDUP X0, X1
	VADDSS X1, X0, X0
	VMOVSS X0, (DX)
	ADDQ $4, DX
	ADDQ $4, R9
	DECQ R10
	JGT dotsrow
	VZEROUPPER
	RET

// func addAVX(y, x *float32, a float32, n int)
TEXT ·addAVX(SB), NOSPLIT, $0-32
	MOVQ y+0(FP), DI
	MOVQ x+8(FP), SI
	VBROADCASTSS a+16(FP), Y2
	MOVQ n+24(FP), CX
addloop:
	VMULPS (SI), Y2, Y1
	VADDPS (DI), Y1, Y1
	VMOVUPS Y1, (DI)
	ADDQ $32, SI
	ADDQ $32, DI
	SUBQ $8, CX
	JGT addloop
	VZEROUPPER
	RET

// func addProductsAVX(y, a, b *float32, n int)
TEXT ·addProductsAVX(SB), NOSPLIT, $0-32
	MOVQ y+0(FP), DI
	MOVQ a+8(FP), SI
	MOVQ b+16(FP), DX
	MOVQ n+24(FP), CX
productsloop:
	VMOVUPS (SI), Y1
	VMULPS (DX), Y1, Y1
	VADDPS (DI), Y1, Y1
	VMOVUPS Y1, (DI)
	ADDQ $32, SI
	ADDQ $32, DX
	ADDQ $32, DI
	SUBQ $8, CX
	JGT productsloop
	VZEROUPPER
	RET

// func dotRowsAVX(out, rows, x *float32, n, k int)
//
// Eight rows at a time, each in a register of its own, which are added up
// crosswise in the order of dotAVX.
TEXT ·dotRowsAVX(SB), NOSPLIT, $0-40
	MOVQ out+0(FP), BX
	MOVQ rows+8(FP), SI
	MOVQ n+24(FP), CX
	MOVQ k+32(FP), R8
	SHLQ $2, R8           // bytes of a row
	LEAQ (R8)(R8*2), R9   // of three
dotrowsnext:
	LEAQ (SI)(R8*4), DI
	MOVQ x+16(FP), DX
	MOVQ R8, AX
	VXORPS Y0, Y0, Y0
	VXORPS Y1, Y1, Y1
	VXORPS Y2, Y2, Y2
	VXORPS Y3, Y3, Y3
	VXORPS Y4, Y4, Y4
	VXORPS Y5, Y5, Y5
	VXORPS Y6, Y6, Y6
	VXORPS Y7, Y7, Y7
dotrowsloop:
	VMOVUPS (DX), Y8
	VMULPS (SI), Y8, Y9
	VADDPS Y9, Y0, Y0
	VMULPS (SI)(R8*1), Y8, Y10
	VADDPS Y10, Y1, Y1
	VMULPS (SI)(R8*2), Y8, Y11
	VADDPS Y11, Y2, Y2
	VMULPS (SI)(R9*1), Y8, Y12
	VADDPS Y12, Y3, Y3
	VMULPS (DI), Y8, Y13
	VADDPS Y13, Y4, Y4
	VMULPS (DI)(R8*1), Y8, Y14
	VADDPS Y14, Y5, Y5
	VMULPS (DI)(R8*2), Y8, Y15
	VADDPS Y15, Y6, Y6
	VMULPS (DI)(R9*1), Y8, Y9
	VADDPS Y9, Y7, Y7
	ADDQ $32, DX
	ADDQ $32, SI
	ADDQ $32, DI
	SUBQ $32, AX
	JGT dotrowsloop
	// Low and high halves of rows 0 and 4, 1 and 5, 2 and 6, 3 and 7.
	VPERM2F128 $0x20, Y4, Y0, Y8
	VPERM2F128 $0x31, Y4, Y0, Y9
	VADDPS Y9, Y8, Y0
	VPERM2F128 $0x20, Y5, Y1, Y8
	VPERM2F128 $0x31, Y5, Y1, Y9
	VADDPS Y9, Y8, Y1
	VPERM2F128 $0x20, Y6, Y2, Y8
	VPERM2F128 $0x31, Y6, Y2, Y9
	VADDPS Y9, Y8, Y2
	VPERM2F128 $0x20, Y7, Y3, Y8
	VPERM2F128 $0x31, Y7, Y3, Y9
	VADDPS Y9, Y8, Y3
	// Lanes 0 and 2, 1 and 3.
	VUNPCKLPD Y1, Y0, Y8
	VUNPCKHPD Y1, Y0, Y9
	VADDPS Y9, Y8, Y0
	VUNPCKLPD Y3, Y2, Y8
	VUNPCKHPD Y3, Y2, Y9
	VADDPS Y9, Y8, Y2
	VSHUFPS $0x88, Y2, Y0, Y8
	VSHUFPS $0xDD, Y2, Y0, Y9
	VADDPS Y9, Y8, Y0
	VMOVUPS Y0, (BX)
	ADDQ $32, BX
	// SI has gone by one row.
	LEAQ (DI)(R9*1), SI
	SUBQ $8, CX
	JGT dotrowsnext
	VZEROUPPER
	RET

// func addRowsAVX(y, c, rows *float32, n, k int)
//
// Panels of 64 elements of y, then of 8, stay in registers while the rows pass.
TEXT ·addRowsAVX(SB), NOSPLIT, $0-40
	MOVQ y+0(FP), DI
	MOVQ rows+16(FP), SI
	MOVQ k+32(FP), R9
	MOVQ R9, R8
	SHLQ $2, R8           // bytes of a row
	CMPQ R9, $64
	JLT narrow
wide:
	MOVQ c+8(FP), DX
	MOVQ n+24(FP), CX
	MOVQ SI, AX
	VMOVUPS 0(DI), Y0
	VMOVUPS 32(DI), Y1
	VMOVUPS 64(DI), Y2
	VMOVUPS 96(DI), Y3
	VMOVUPS 128(DI), Y4
	VMOVUPS 160(DI), Y5
	VMOVUPS 192(DI), Y6
	VMOVUPS 224(DI), Y7
wideloop:
	VBROADCASTSS (DX), Y8
	VMULPS 0(AX), Y8, Y9
	VADDPS Y9, Y0, Y0
	VMULPS 32(AX), Y8, Y10
	VADDPS Y10, Y1, Y1
	VMULPS 64(AX), Y8, Y11
	VADDPS Y11, Y2, Y2
	VMULPS 96(AX), Y8, Y12
	VADDPS Y12, Y3, Y3
	VMULPS 128(AX), Y8, Y13
	VADDPS Y13, Y4, Y4
	VMULPS 160(AX), Y8, Y14
	VADDPS Y14, Y5, Y5
	VMULPS 192(AX), Y8, Y15
	VADDPS Y15, Y6, Y6
	VMULPS 224(AX), Y8, Y9
	VADDPS Y9, Y7, Y7
	ADDQ $4, DX
	ADDQ R8, AX
	DECQ CX
	JNZ wideloop
	VMOVUPS Y0, 0(DI)
	VMOVUPS Y1, 32(DI)
	VMOVUPS Y2, 64(DI)
	VMOVUPS Y3, 96(DI)
	VMOVUPS Y4, 128(DI)
	VMOVUPS Y5, 160(DI)
	VMOVUPS Y6, 192(DI)
	VMOVUPS Y7, 224(DI)
	ADDQ $256, DI
	ADDQ $256, SI
	SUBQ $64, R9
	CMPQ R9, $64
	JGE wide
narrow:
	TESTQ R9, R9
	JZ rowsdone
	MOVQ c+8(FP), DX
	MOVQ n+24(FP), CX
	MOVQ SI, AX
	VMOVUPS (DI), Y0
narrowloop:
	VBROADCASTSS (DX), Y8
	VMULPS (AX), Y8, Y9
	VADDPS Y9, Y0, Y0
	ADDQ $4, DX
	ADDQ R8, AX
	DECQ CX
	JNZ narrowloop
	VMOVUPS Y0, (DI)
	ADDQ $32, DI
	ADDQ $32, SI
	SUBQ $8, R9
	JMP narrow
rowsdone:
	VZEROUPPER
	RET

// func gatherAVX(out, rows *float32, index *uint32, n, k int)
//
// The row that comes sixteen later is fetched ahead.
TEXT ·gatherAVX(SB), NOSPLIT, $0-40
	MOVQ out+0(FP), DI
	MOVQ rows+8(FP), R8
	MOVQ index+16(FP), R9
	MOVQ n+24(FP), R10
	MOVQ k+32(FP), R12
	SHLQ $2, R12
	LEAQ -4(R9)(R10*4), R13 // the last index
gatherrow:
	LEAQ 64(R9), AX
	CMPQ AX, R13
	CMOVQHI R13, AX
	MOVL (AX), AX
	IMULQ R12, AX
	ADDQ R8, AX
	MOVL (R9), SI
	IMULQ R12, SI
	ADDQ R8, SI
	MOVQ R12, CX
gatherloop:
	PREFETCHT0 (AX)
	VMOVUPS (SI), Y0
	VMOVUPS Y0, (DI)
	ADDQ $32, AX
	ADDQ $32, SI
	ADDQ $32, DI
	SUBQ $32, CX
	JGT gatherloop
	ADDQ $4, R9
	DECQ R10
	JGT gatherrow
	VZEROUPPER
	RET

// func scatterAVX(rows *float32, c *[8]float32, x *float32, index *uint32, n, count int) int
TEXT ·scatterAVX(SB), NOSPLIT, $0-56
	MOVQ rows+0(FP), DI
	MOVQ c+8(FP), AX
	MOVQ x+16(FP), SI
	MOVQ index+24(FP), DX
	MOVQ n+32(FP), CX
	MOVQ count+40(FP), R8
	VMOVUPS (AX), Y0
	XORQ BX, BX
scatterloop:
	MOVL (DX)(BX*4), AX
	CMPQ AX, R8
	JAE scatterdone
	SHLQ $5, AX
	VBROADCASTSS (SI)(BX*4), Y1
	VMULPS Y0, Y1, Y1
	VADDPS (DI)(AX*1), Y1, Y1
	VMOVUPS Y1, (DI)(AX*1)
	INCQ BX
	CMPQ BX, CX
	JLT scatterloop
scatterdone:
	VZEROUPPER
	MOVQ BX, ret+48(FP)
	RET

// func addTileAVX(c, a, b *float32, inner, n, down, along int)
//
// The tile of c stays in eight registers while the rows of b pass.
TEXT ·addTileAVX(SB), NOSPLIT, $0-56
	MOVQ c+0(FP), DI
	MOVQ a+8(FP), SI
	MOVQ b+16(FP), DX
	MOVQ inner+24(FP), CX
	MOVQ n+32(FP), R8
	MOVQ down+40(FP), R9
	MOVQ along+48(FP), R10
	SHLQ $2, R8             // bytes of a row of b and c
	SHLQ $2, R9             // bytes between two rows of a
	SHLQ $2, R10            // and between two of its columns
	LEAQ (R9)(R9*2), R11    // three rows of a
	LEAQ (SI)(R9*4), AX     // its fourth row
	LEAQ (R8)(R8*2), R12    // three rows of c
	LEAQ (DI)(R8*4), BX     // its fourth row
	VMOVUPS (DI), Y0
	VMOVUPS (DI)(R8*1), Y1
	VMOVUPS (DI)(R8*2), Y2
	VMOVUPS (DI)(R12*1), Y3
	VMOVUPS (BX), Y4
	VMOVUPS (BX)(R8*1), Y5
	VMOVUPS (BX)(R8*2), Y6
	VMOVUPS (BX)(R12*1), Y7
tileloop:
	VMOVUPS (DX), Y8
	VBROADCASTSS (SI), Y9
	VMULPS Y8, Y9, Y9
	VADDPS Y9, Y0, Y0
	VBROADCASTSS (SI)(R9*1), Y10
	VMULPS Y8, Y10, Y10
	VADDPS Y10, Y1, Y1
	VBROADCASTSS (SI)(R9*2), Y11
	VMULPS Y8, Y11, Y11
	VADDPS Y11, Y2, Y2
	VBROADCASTSS (SI)(R11*1), Y12
	VMULPS Y8, Y12, Y12
	VADDPS Y12, Y3, Y3
	VBROADCASTSS (AX), Y13
	VMULPS Y8, Y13, Y13
	VADDPS Y13, Y4, Y4
	VBROADCASTSS (AX)(R9*1), Y14
	VMULPS Y8, Y14, Y14
	VADDPS Y14, Y5, Y5
	VBROADCASTSS (AX)(R9*2), Y15
	VMULPS Y8, Y15, Y15
	VADDPS Y15, Y6, Y6
	VBROADCASTSS (AX)(R11*1), Y9
	VMULPS Y8, Y9, Y9
	VADDPS Y9, Y7, Y7
	ADDQ R8, DX
	ADDQ R10, SI
	ADDQ R10, AX
	DECQ CX
	JNZ tileloop
	VMOVUPS Y0, (DI)
	VMOVUPS Y1, (DI)(R8*1)
	VMOVUPS Y2, (DI)(R8*2)
	VMOVUPS Y3, (DI)(R12*1)
	VMOVUPS Y4, (BX)
	VMOVUPS Y5, (BX)(R8*1)
	VMOVUPS Y6, (BX)(R8*2)
	VMOVUPS Y7, (BX)(R12*1)
	VZEROUPPER
	RET

// func scaleAVX(x *float32, a float32, n int)
TEXT ·scaleAVX(SB), NOSPLIT, $0-24
	MOVQ x+0(FP), DI
	VBROADCASTSS a+8(FP), Y1
	MOVQ n+16(FP), CX
scaleloop:
	VMULPS (DI), Y1, Y0
	VMOVUPS Y0, (DI)
	ADDQ $32, DI
	SUBQ $8, CX
	JGT scaleloop
	VZEROUPPER
	RET

// func maxAVX(x *float32, n int) float32
TEXT ·maxAVX(SB), NOSPLIT, $0-20
	MOVQ x+0(FP), SI
	MOVQ n+8(FP), CX
	VMOVUPS (SI), Y0
maxloop:
	VMAXPS (SI), Y0, Y0
	ADDQ $32, SI
	SUBQ $8, CX
	JGT maxloop
	VEXTRACTF128 $1, Y0, X1
	VMAXPS X1, X0, X0
	VMOVHLPS X0, X0, X1
	VMAXPS X1, X0, X0
	VMOVSHDUP X0, X1
	VMAXSS X1, X0, X0
	VZEROUPPER
	MOVSS X0, ret+16(FP)
	RET

// What exp works with, and the bits of 127 - wholes.
DATA expfloor<>+0(SB)/4, $0xc2a00000
GLOBL expfloor<>(SB), RODATA|NOPTR, $4
DATA explog2e<>+0(SB)/4, $0x3fb8aa3b
GLOBL explog2e<>(SB), RODATA|NOPTR, $4
DATA expwholes<>+0(SB)/4, $0x4b400000
GLOBL expwholes<>(SB), RODATA|NOPTR, $4
DATA expln2<>+0(SB)/4, $0x3f317218
GLOBL expln2<>(SB), RODATA|NOPTR, $4
DATA exp720<>+0(SB)/4, $0x3ab60b61
GLOBL exp720<>(SB), RODATA|NOPTR, $4
DATA exp120<>+0(SB)/4, $0x3c088889
GLOBL exp120<>(SB), RODATA|NOPTR, $4
DATA exp24<>+0(SB)/4, $0x3d2aaaab
GLOBL exp24<>(SB), RODATA|NOPTR, $4
DATA exp6<>+0(SB)/4, $0x3e2aaaab
GLOBL exp6<>(SB), RODATA|NOPTR, $4
DATA exphalf<>+0(SB)/4, $0x3f000000
GLOBL exphalf<>(SB), RODATA|NOPTR, $4
DATA expone<>+0(SB)/4, $0x3f800000
GLOBL expone<>(SB), RODATA|NOPTR, $4
DATA expbias<>+0(SB)/4, $0xb4c0007f
GLOBL expbias<>(SB), RODATA|NOPTR, $4

// func expsAVX2(x *float32, shift float32, n int) float32
TEXT ·expsAVX2(SB), NOSPLIT, $0-28
	MOVQ x+0(FP), DI
	VBROADCASTSS shift+8(FP), Y1
	MOVQ n+16(FP), CX
	VBROADCASTSS expfloor<>(SB), Y2
	VBROADCASTSS explog2e<>(SB), Y3
	VBROADCASTSS expwholes<>(SB), Y4
	VBROADCASTSS expln2<>(SB), Y5
	VBROADCASTSS exp720<>(SB), Y6
	VBROADCASTSS exp120<>(SB), Y7
	VBROADCASTSS exp24<>(SB), Y8
	VBROADCASTSS exp6<>(SB), Y9
	VBROADCASTSS exphalf<>(SB), Y10
	VBROADCASTSS expone<>(SB), Y11
	VXORPS Y0, Y0, Y0
expsloop:
	VMOVUPS (DI), Y12
	VSUBPS Y1, Y12, Y12
	VCMPPS $13, Y2, Y12, Y15 // not below the floor
	VMULPS Y3, Y12, Y12
	VADDPS Y4, Y12, Y13
	VSUBPS Y4, Y13, Y14
	VSUBPS Y14, Y12, Y12
	VMULPS Y5, Y12, Y12      // the rest
	VMULPS Y12, Y6, Y14
	VADDPS Y7, Y14, Y14
	VMULPS Y12, Y14, Y14
	VADDPS Y8, Y14, Y14
	VMULPS Y12, Y14, Y14
	VADDPS Y9, Y14, Y14
	VMULPS Y12, Y14, Y14
	VADDPS Y10, Y14, Y14
	VMULPS Y12, Y14, Y14
	VADDPS Y11, Y14, Y14
	VMULPS Y12, Y14, Y14
	VADDPS Y11, Y14, Y14
	VPBROADCASTD expbias<>(SB), Y12
	VPADDD Y12, Y13, Y13
	VPSLLD $23, Y13, Y13
	VMULPS Y13, Y14, Y14
	VANDPS Y15, Y14, Y14
	VMOVUPS Y14, (DI)
	VADDPS Y14, Y0, Y0
	ADDQ $32, DI
	SUBQ $8, CX
	JGT expsloop
	VEXTRACTF128 $1, Y0, X1
	VADDPS X1, X0, X0
	VMOVHLPS X0, X0, X1
	VADDPS X1, X0, X0
	VMOVSHDUP X0, X1
	VADDSS X1, X0, X0
	VZEROUPPER
	MOVSS X0, ret+24(FP)
	RET

// func rectifyAVX(x *float32, n int)
TEXT ·rectifyAVX(SB), NOSPLIT, $0-16
	MOVQ x+0(FP), DI
	MOVQ n+8(FP), CX
	VXORPS Y1, Y1, Y1
rectifyloop:
	VMOVUPS (DI), Y0
	VMAXPS Y0, Y1, Y0
	VMOVUPS Y0, (DI)
	ADDQ $32, DI
	SUBQ $8, CX
	JGT rectifyloop
	VZEROUPPER
	RET

// func maskAVX(x, on *float32, n int)
TEXT ·maskAVX(SB), NOSPLIT, $0-24
	MOVQ x+0(FP), DI
	MOVQ on+8(FP), SI
	MOVQ n+16(FP), CX
	VXORPS Y1, Y1, Y1
maskloop:
	VMOVUPS (SI), Y0
	VCMPPS $4, Y1, Y0, Y0 // not equal
	VANDPS (DI), Y0, Y0
	VMOVUPS Y0, (DI)
	ADDQ $32, SI
	ADDQ $32, DI
	SUBQ $8, CX
	JGT maskloop
	VZEROUPPER
	RET
