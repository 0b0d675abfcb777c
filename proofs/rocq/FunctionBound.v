(* function_bound, for any convex loss: no function of the inputs, so no network, does better than the given fits. *)
Require Import Reals List Lra Lia Arith Bool.
From Symverify Require Import Spec Losses InteriorMinimum LinearAlgebra Numbers InteriorCheck.
Import ListNotations.
Open Scope R_scope.

Lemma sum_swap {I J} (f : I -> J -> R) (S : list I) : forall V, sum (fun i => sum (f i) V) S = sum (fun v => sum (fun i => f i v) S) V.
Proof. induction V; simpl; [apply sum_zero|]. rewrite sum_plus, IHV. reflexivity. Qed.
Definition same (u v : list R) : bool := if list_eq_dec Req_EM_T u v then true else false.
(* weights that add up to 0 over equal inputs are orthogonal to every function of the input *)
Lemma groups {I} (w : I -> R) (x : I -> list R) (S : list I) :
  (forall j, In j S -> sum (fun i => if same (x i) (x j) then w i else 0) S = 0) -> forall F, sum (fun i => w i * F (x i)) S = 0.
Proof.
  intros H F. set (V := nodup (list_eq_dec Req_EM_T) (map x S)).
  transitivity (sum (fun i => sum (fun v => if same (x i) v then w i * F v else 0) V) S).
  - apply sum_ext. intros i Hi. rewrite (sum_single _ (x i)).
    + unfold same. destruct (list_eq_dec _ _ _); [auto|contradiction].
    + apply NoDup_nodup.
    + apply nodup_In, in_map; auto.
    + intros v _ Ne. unfold same. destruct (list_eq_dec _ _ _); [congruence|auto].
  - rewrite sum_swap. apply sum_0. intros v Hv. apply nodup_In in Hv. apply in_map_iff in Hv. destruct Hv as (j & <- & Hj).
    transitivity (F (x j) * sum (fun i => if same (x i) (x j) then w i else 0) S); [|rewrite H by auto; ring].
    rewrite <- sum_scal. apply sum_ext. intros i _. destruct (same (x i) (x j)); ring.
Qed.
Lemma net_length N th th' x : same_shape th th' -> length (net N th x) = length (net N th' x).
Proof.
  intros H. destruct N, H; simpl; auto. unfold layer. rewrite !map_length. eapply F2_length; eauto.
Qed.

Section FunctionBound.
Variable K : ops.
Variable KR : num K.
Notation t := (T K).
Notation r := (toR KR).
Notation rv := (rv KR).
Definition eqR (a b : t) : bool := leb K a b && leb K b a.
Definition sameT (u v : list t) : bool := all2 eqR u v.
Lemma eqR_ok a b : eqR a b = true <-> r a = r b.
Proof. unfold eqR. rewrite andb_true_iff, !(leb_ok KR). lra. Qed.
Lemma sameT_iff : forall u v, sameT u v = true <-> rv u = rv v.
Proof.
  unfold sameT. induction u as [|a u IH]; intros [|b v]; cbn [all2]; try (split; [discriminate|intros H; discriminate H]).
  - split; auto.
  - rewrite andb_true_iff, eqR_ok, IH. unfold InteriorCheck.rv. cbn [map]. split; [intros [A B]; f_equal; auto|intros H; inversion H; auto].
Qed.
Lemma sameT_ok u v : sameT u v = same (rv u) (rv v).
Proof.
  unfold same. destruct (list_eq_dec _ _ _) as [E|E]; [apply sameT_iff; auto|].
  destruct (sameT u v) eqn:Z; auto. apply sameT_iff in Z. contradiction.
Qed.

(* fits: one vector for each sample *)
Definition check_function_bound (l : list t -> list t -> t) (g : list t -> list t -> list t) (m : nat) (c : t)
    (D : list (list t * list t)) (fits : list (list t)) (rho : t) : bool :=
  let E := combine D fits in
  leb K z0 c && (length fits =? length D)%nat &&
  forallb (fun e => (length (snd (fst e)) =? m)%nat && (length (snd e) =? m)%nat) E &&
  forallb (fun k =>
    forallb (fun e0 => eqb K (sumT K (fun e => if sameT (fst (fst e)) (fst (fst e0)) then nth k (g (snd e) (snd (fst e))) z0 else z0) E) z0) E &&
    eqb K (sumT K (fun e => nth k (g (snd e) (snd (fst e))) z0 *! nth k (snd e) z0) E) z0) (seq 0 m) &&
  leb K rho (c *! sumT K (fun e => l (snd e) (snd (fst e))) E).
Theorem check_function_bound_ok l g L m c D fits rho : means KR l g L -> check_function_bound l g m c D fits rho = true ->
  forall N th, (forall d, In d D -> length (net N th (rv (fst d))) = m) -> r rho <= risk_of (value L) (r c) N (rD KR D) th.
Proof.
  intros [HV HG] H N th HL. unfold check_function_bound in H. apply andb_prop in H. destruct H as [H HR]. apply andb_prop in H. destruct H as [H HK].
  apply andb_prop in H. destruct H as [H HM]. apply andb_prop in H. destruct H as [Hc HN]. apply Nat.eqb_eq in HN.
  apply (leb_ok KR) in Hc, HR. rewrite toR_zero in Hc. rewrite toR_mul, sumT_ok in HR. set (E := combine D fits) in *.
  rewrite forallb_forall in HM, HK. apply Rle_trans with (1 := HR). unfold risk_of. apply Rmult_le_compat_l; auto.
  assert (FE : D = map fst E). { unfold E. revert HN. clear. revert fits. induction D as [|d D0 IH]; intros [|f fits] H; simpl in *; try discriminate; auto. f_equal. apply IH. lia. }
  rewrite total_sum. unfold rD. rewrite sum_map, FE, sum_map. cbn [fst snd].
  set (F := net N th). set (q := fun e : list t * list t * list t => slope L (rv (snd e)) (rv (snd (fst e)))).
  assert (LF : forall e, In e E -> length (F (rv (fst (fst e)))) = m /\ length (rv (snd (fst e))) = m /\ length (rv (snd e)) = m).
  { intros e He. specialize (HM e He). apply andb_prop in HM. destruct HM as [L1 L2]. apply Nat.eqb_eq in L1, L2. unfold InteriorCheck.rv. rewrite !map_length. split; [|auto].
    apply HL. rewrite FE. apply in_map; auto. }
  assert (QE : forall k e, r (nth k (g (snd e) (snd (fst e))) z0) = nth k (q e) 0).
  { intros k e. unfold q. rewrite <- HG, <- (toR_zero KR). unfold InteriorCheck.rv. symmetry. apply map_nth. }
  assert (Z1 : sum (fun e => dot (q e) (F (rv (fst (fst e))))) E = 0).
  { transitivity (sum (fun e => sumn m (fun k => nth k (q e) 0 * nth k (F (rv (fst (fst e)))) 0)) E).
    { apply sum_ext. intros e He. apply dot_sumn. apply LF; auto. }
    rewrite sum_sumn. apply sumn_zero. intros k Hk.
    apply (groups (fun e : list t * list t * list t => nth k (q e) 0) (fun e => rv (fst (fst e))) E) with (F := fun x => nth k (F x) 0).
    intros j Hj. assert (Q : In k (seq 0 m)) by (apply in_seq; lia). apply HK, andb_prop in Q. destruct Q as [Q _]. rewrite forallb_forall in Q. specialize (Q j Hj).
    apply (eqb_ok KR) in Q. rewrite toR_zero, sumT_ok in Q. etransitivity; [|exact Q]. apply sum_ext. intros e _. rewrite sameT_ok.
    destruct (same _ _); [symmetry; apply QE|rewrite toR_zero; auto]. }
  assert (Z0 : sum (fun e => dot (q e) (rv (snd e))) E = 0).
  { transitivity (sum (fun e => sumn m (fun k => nth k (q e) 0 * nth k (rv (snd e)) 0)) E).
    { apply sum_ext. intros e He. apply dot_sumn. apply LF; auto. }
    rewrite sum_sumn. apply sumn_zero. intros k Hk. assert (Q : In k (seq 0 m)) by (apply in_seq; lia). apply HK, andb_prop in Q. destruct Q as [_ Q].
    apply (eqb_ok KR) in Q. rewrite toR_zero, sumT_ok in Q. etransitivity; [|exact Q]. apply sum_ext. intros e _. rewrite toR_mul, QE. f_equal.
    rewrite <- (toR_zero KR). unfold InteriorCheck.rv. apply map_nth. }
  apply Rle_trans with (sum (fun e => r (l (snd e) (snd (fst e))) + (dot (q e) (F (rv (fst (fst e)))) + -1 * dot (q e) (rv (snd e)))) E).
  - rewrite !sum_plus, sum_scal, Z0, Z1. lra.
  - apply sum_le. intros e He. destruct (LF e He) as (L1 & L2 & L3). rewrite HV.
    assert (T := tangent L (rv (snd e)) (F (rv (fst (fst e)))) (rv (snd (fst e)))). unfold q. rewrite L1, L2, L3 in T. specialize (T eq_refl eq_refl). lra.
Qed.

(* global_minimum, by function_bound *)
Definition check_global_function l g m c N D th fits : bool :=
  check_function_bound l g m c D fits (riskT K l c N D th) && forallb (fun d => (length (netT K N th (fst d)) =? m)%nat) D.
Theorem check_global_function_ok l g L m c N D th fits : means KR l g L -> check_global_function l g m c N D th fits = true ->
  global_min (risk_of (value L) (r c) (rN KR N) (rD KR D)) (rp KR th).
Proof.
  intros HL H th' HS. apply andb_prop in H. destruct H as [H1 H2]. rewrite <- (riskT_ok K KR l (value L)) by apply HL.
  eapply check_function_bound_ok; eauto. intros d Hd. rewrite forallb_forall in H2. specialize (H2 d Hd). apply Nat.eqb_eq in H2.
  rewrite <- (net_length _ _ _ _ HS), <- netT_ok. unfold InteriorCheck.rv. rewrite map_length. auto.
Qed.
End FunctionBound.
