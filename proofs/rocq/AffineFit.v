(* the minimum of Theorem 1 predicts what a best affine map does: the checker *)
Require Import Reals List Lra Lia Arith Bool.
From Symverify Require Import Spec Losses InteriorMinimum LinearAlgebra Numbers InteriorCheck FunctionBound.
Import ListNotations.
Open Scope R_scope.

Section AffineFit.
Variable K : ops.
Variable KR : num K.
Notation t := (T K).
Notation r := (toR KR).
Notation rv := (rv KR).
(* A: proposed; its residuals are orthogonal to the inputs and to 1 *)
Definition check_affine (g : list t -> list t -> list t) (d m : nat) N (D : list (list t * list t)) (th : params t) (A : list (list t)) : bool :=
  (length A =? m)%nat && forallb (fun row => (length row =? S d)%nat) A &&
  forallb (fun s => (length (fst s) =? d)%nat && (length (snd s) =? m)%nat && sameT K (netT K N th (fst s)) (map (fun row => dotT K row (one K :: fst s)) A)) D &&
  forallb (fun k => forallb (fun j => eqb K (sumT K (fun s => nth k (g (netT K N th (fst s)) (snd s)) z0 *! nth j (one K :: fst s) z0) D) z0) (seq 0 (S d))) (seq 0 m).
Theorem check_affine_ok l g L d m N D th A : means KR l g L -> check_affine g d m N D th A = true ->
  best_affine_fit (value L) d m (rN KR N) (rD KR D) (rp KR th).
Proof.
  intros [_ HG] H. unfold check_affine in H. repeat (apply andb_prop in H; let C := fresh "C" in destruct H as [H C]).
  apply Nat.eqb_eq in H. rewrite forallb_forall in C, C0, C1.
  assert (E : forall s, In s D -> length (fst s) = d /\ length (snd s) = m /\ rv (netT K N th (fst s)) = affine_map (rm KR A) (rv (fst s))).
  { intros s Hs. specialize (C0 s Hs). apply andb_prop in C0. destruct C0 as [C0 S]. apply andb_prop in C0. destruct C0 as [S1 S2]. apply Nat.eqb_eq in S1, S2.
    split; auto. split; auto. apply (sameT_iff K KR) in S. rewrite S. unfold affine_map, InteriorCheck.rm, InteriorCheck.rv at 1. rewrite !map_map. apply map_ext.
    intros row. rewrite dotT_ok. cbn [InteriorCheck.rv map]. rewrite toR_one. reflexivity. }
  exists (rm KR A). split; [split; [unfold InteriorCheck.rm; rewrite map_length; auto|]|split].
  - intros row Hr. unfold InteriorCheck.rm in Hr. apply in_map_iff in Hr. destruct Hr as (q & <- & Hq). unfold InteriorCheck.rv. rewrite map_length. apply Nat.eqb_eq, C1; auto.
  - intros s Hs. unfold rD in Hs. apply in_map_iff in Hs. destruct Hs as (q & <- & Hq). cbn [fst]. rewrite <- netT_ok. apply E; auto.
  - intros B [LB RB]. unfold rD. rewrite !sum_map. cbn [fst snd].
    set (q := fun s : list t * list t => slope L (affine_map (rm KR A) (rv (fst s))) (rv (snd s))).
    assert (Z : forall M, length M = m -> sum (fun s => dot (q s) (affine_map M (rv (fst s)))) D = 0).
    { intros M LM. transitivity (sum (fun s => sumn m (fun k => nth k (q s) 0 * nth k (affine_map M (rv (fst s))) 0)) D).
      { apply sum_ext. intros s _. apply dot_sumn. unfold affine_map. rewrite map_length. auto. }
      rewrite sum_sumn. apply sumn_zero. intros k Hk.
      transitivity (sum (fun s => nth k (q s) 0 * dot (nth k M []) (1 :: rv (fst s))) D).
      { apply sum_ext. intros s _. f_equal. unfold affine_map. rewrite (nth_indep _ 0 (dot [] (1 :: rv (fst s)))) by (rewrite map_length; lia).
        apply (map_nth (fun row => dot row (1 :: rv (fst s)))). }
      apply kill_comb. intros j. destruct (le_lt_dec (S d) j) as [J|J].
      - apply sum_0. intros s Hs. rewrite (nth_overflow (1 :: rv (fst s))); [ring|]. simpl. unfold InteriorCheck.rv. rewrite map_length. destruct (E s Hs) as (-> & _). lia.
      - assert (Q : In k (seq 0 m)) by (apply in_seq; lia). apply C in Q. rewrite forallb_forall in Q. assert (QJ : In j (seq 0 (S d))) by (apply in_seq; lia). apply Q in QJ.
        apply (eqb_ok KR) in QJ. rewrite toR_zero, sumT_ok in QJ. etransitivity; [|exact QJ]. apply sum_ext. intros s Hs. rewrite toR_mul. destruct (E s Hs) as (_ & _ & ES).
        unfold q. rewrite <- ES, <- HG. f_equal.
        + rewrite <- (toR_zero KR). unfold InteriorCheck.rv. symmetry. rewrite <- (map_nth r). reflexivity.
        + rewrite <- (map_nth r). cbn [map]. rewrite toR_one, toR_zero. reflexivity. }
    assert (P : sum (fun s => dot (q s) (affine_map B (rv (fst s))) + -1 * dot (q s) (affine_map (rm KR A) (rv (fst s)))) D <=
                sum (fun s => value L (affine_map B (rv (fst s))) (rv (snd s)) + -1 * value L (affine_map (rm KR A) (rv (fst s))) (rv (snd s))) D).
    { apply sum_le. intros s Hs. destruct (E s Hs) as (_ & L2 & _).
      assert (T := tangent L (affine_map (rm KR A) (rv (fst s))) (affine_map B (rv (fst s))) (rv (snd s))). fold (q s) in T.
      assert (length (affine_map (rm KR A) (rv (fst s))) = length (rv (snd s))) by (unfold affine_map, InteriorCheck.rm, InteriorCheck.rv; rewrite !map_length; congruence).
      assert (length (affine_map B (rv (fst s))) = length (rv (snd s))) by (unfold affine_map, InteriorCheck.rv; rewrite !map_length; congruence). specialize (T H0 H1). lra. }
    rewrite !sum_plus, !sum_scal, !Z in P by (unfold InteriorCheck.rm; rewrite ?map_length; auto). lra.
Qed.
End AffineFit.
