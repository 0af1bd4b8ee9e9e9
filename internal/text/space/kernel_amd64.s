#include "textflag.h"

// Masks for what is left of a row: that of r single numbers begins 4·r bytes
// before the middle, that of r double ones 8·r.
DATA masks<>+0(SB)/8, $-1
DATA masks<>+8(SB)/8, $-1
DATA masks<>+16(SB)/8, $-1
DATA masks<>+24(SB)/8, $-1
DATA masks<>+32(SB)/8, $0
DATA masks<>+40(SB)/8, $0
DATA masks<>+48(SB)/8, $0
DATA masks<>+56(SB)/8, $0
GLOBL masks<>(SB), RODATA|NOPTR, $64

// ARGUMENTS begins an inner product of CX numbers: four registers of sums.
#define ARGUMENTS \
	MOVQ   a_base+0(FP), SI; \
	MOVQ   a_len+8(FP), CX; \
	MOVQ   b_base+24(FP), DI; \
	VXORPS Y0, Y0, Y0; \
	VXORPS Y1, Y1, Y1; \
	VXORPS Y2, Y2, Y2; \
	VXORPS Y3, Y3, Y3

// FOUR adds the products of four registers full of numbers.
#define FOUR(MOV, MUL, ADD) \
	MOV  (SI), Y4; \
	MOV  32(SI), Y5; \
	MOV  64(SI), Y6; \
	MOV  96(SI), Y7; \
	MUL  (DI), Y4, Y4; \
	MUL  32(DI), Y5, Y5; \
	MUL  64(DI), Y6, Y6; \
	MUL  96(DI), Y7, Y7; \
	ADD  Y4, Y0, Y0; \
	ADD  Y5, Y1, Y1; \
	ADD  Y6, Y2, Y2; \
	ADD  Y7, Y3, Y3; \
	ADDQ $128, SI; \
	ADDQ $128, DI

// ONE adds the products of one register full to a sum.
#define ONE(MOV, MUL, ADD, SUM) \
	MOV  (SI), Y4; \
	MUL  (DI), Y4, Y4; \
	ADD  Y4, SUM, SUM; \
	ADDQ $32, SI; \
	ADDQ $32, DI

// LAST adds the products of what is left of a register to a sum.
#define LAST(SHIFT, MASKED, MUL, ADD, SUM) \
	SHLQ    SHIFT, CX; \
	SUBQ    CX, DX; \
	VMOVUPS (DX), Y5; \
	MASKED  (SI), Y5, Y4; \
	MASKED  (DI), Y5, Y6; \
	MUL     Y6, Y4, Y4; \
	ADD     Y4, SUM, SUM

// FOLD adds the sums of the four registers, and the upper half to the lower.
#define FOLD(ADD) \
	ADD          Y1, Y0, Y0; \
	ADD          Y3, Y2, Y2; \
	ADD          Y2, Y0, Y0; \
	VEXTRACTF128 $1, Y0, X1; \
	ADD          X1, X0, X0

// func dotVector(a, b []float32) float32
TEXT ·dotVector(SB), NOSPLIT, $0-52
	ARGUMENTS
	SUBQ $32, CX
	JLT  rest

loop:
	FOUR(VMOVUPS, VMULPS, VADDPS)
	SUBQ $32, CX
	JGE  loop

rest: // the last 31 at most, eight to a register
	ADDQ $32, CX
	JEQ  sum
	LEAQ masks<>+32(SB), DX
	CMPQ CX, $8
	JLT  last0
	ONE(VMOVUPS, VMULPS, VADDPS, Y0)
	SUBQ $8, CX
	CMPQ CX, $8
	JLT  last1
	ONE(VMOVUPS, VMULPS, VADDPS, Y1)
	SUBQ $8, CX
	CMPQ CX, $8
	JLT  last2
	ONE(VMOVUPS, VMULPS, VADDPS, Y2)
	SUBQ $8, CX
	LAST($2, VMASKMOVPS, VMULPS, VADDPS, Y3)
	JMP  sum

last0:
	LAST($2, VMASKMOVPS, VMULPS, VADDPS, Y0)
	JMP sum

last1:
	LAST($2, VMASKMOVPS, VMULPS, VADDPS, Y1)
	JMP sum

last2:
	LAST($2, VMASKMOVPS, VMULPS, VADDPS, Y2)

sum:
	FOLD(VADDPS)
	VPERMILPS $0x0e, X0, X1 // the upper two to the front
	VADDPS    X1, X0, X0
	VPERMILPS $0x01, X0, X1
	VADDSS    X1, X0, X0
	VMOVSS    X0, ret+48(FP)
	VZEROUPPER
	RET

// func dot64Vector(a, b []float64) float64
TEXT ·dot64Vector(SB), NOSPLIT, $0-56
	ARGUMENTS
	SUBQ $16, CX
	JLT  rest

loop:
	FOUR(VMOVUPD, VMULPD, VADDPD)
	SUBQ $16, CX
	JGE  loop

rest: // the last 15 at most, four to a register
	ADDQ $16, CX
	JEQ  sum
	LEAQ masks<>+32(SB), DX
	CMPQ CX, $4
	JLT  last0
	ONE(VMOVUPD, VMULPD, VADDPD, Y0)
	SUBQ $4, CX
	CMPQ CX, $4
	JLT  last1
	ONE(VMOVUPD, VMULPD, VADDPD, Y1)
	SUBQ $4, CX
	CMPQ CX, $4
	JLT  last2
	ONE(VMOVUPD, VMULPD, VADDPD, Y2)
	SUBQ $4, CX
	LAST($3, VMASKMOVPD, VMULPD, VADDPD, Y3)
	JMP  sum

last0:
	LAST($3, VMASKMOVPD, VMULPD, VADDPD, Y0)
	JMP sum

last1:
	LAST($3, VMASKMOVPD, VMULPD, VADDPD, Y1)
	JMP sum

last2:
	LAST($3, VMASKMOVPD, VMULPD, VADDPD, Y2)

sum:
	FOLD(VADDPD)
	VPERMILPD $1, X0, X1
	VADDSD    X1, X0, X0
	VMOVSD    X0, ret+48(FP)
	VZEROUPPER
	RET

// func addScaledVector(dst []float32, s float32, v []float32)
TEXT ·addScaledVector(SB), NOSPLIT, $0-56
	MOVQ         dst_base+0(FP), DI
	MOVQ         dst_len+8(FP), CX
	VBROADCASTSS s+24(FP), Y0
	MOVQ         v_base+32(FP), SI
	SUBQ         $32, CX
	JLT          rest

loop:
	VMULPS  (SI), Y0, Y4
	VMULPS  32(SI), Y0, Y5
	VMULPS  64(SI), Y0, Y6
	VMULPS  96(SI), Y0, Y7
	VADDPS  (DI), Y4, Y4
	VADDPS  32(DI), Y5, Y5
	VADDPS  64(DI), Y6, Y6
	VADDPS  96(DI), Y7, Y7
	VMOVUPS Y4, (DI)
	VMOVUPS Y5, 32(DI)
	VMOVUPS Y6, 64(DI)
	VMOVUPS Y7, 96(DI)
	ADDQ    $128, SI
	ADDQ    $128, DI
	SUBQ    $32, CX
	JGE     loop

rest:
	ADDQ $24, CX
	JLT  last

eight:
	VMULPS  (SI), Y0, Y4
	VADDPS  (DI), Y4, Y4
	VMOVUPS Y4, (DI)
	ADDQ    $32, SI
	ADDQ    $32, DI
	SUBQ    $8, CX
	JGE     eight

last:
	ADDQ       $8, CX
	JEQ        done
	LEAQ       masks<>+32(SB), DX
	SHLQ       $2, CX
	SUBQ       CX, DX
	VMOVUPS    (DX), Y5
	VMASKMOVPS (SI), Y5, Y4
	VMASKMOVPS (DI), Y5, Y6
	VMULPS     Y4, Y0, Y4
	VADDPS     Y6, Y4, Y4
	VMASKMOVPS Y4, Y5, (DI)

done:
	VZEROUPPER
	RET
